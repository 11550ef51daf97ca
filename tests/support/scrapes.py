"""What a scrape of `/metrics` tells, by name and labels."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """Every sample of a scrape."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    """One sample; 0 where it is not there yet."""
    return found.get((name, frozenset(labels.items())), 0.0)


def named(text: str) -> set[str]:
    """The names of all samples."""
    return {name for name, _ in samples(text)}
