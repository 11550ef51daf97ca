"""What there is to say of a film's media once they are made: warnings, in the scenes' order."""

from collections.abc import Mapping

from cms_bridge.assets import WHOLE, AssetRecord
from render import casting
from render.generation.base import Kind
from render.problem import Problem
from render.storyboard import Storyboard


def merge(known: tuple[Problem, ...], new: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return what is known and what is new of the rest: an earlier attempt may have said it."""
    return (*known, *(problem for problem in new if problem not in known))


def scene_numbers(storyboard: Storyboard) -> dict[str, int]:
    """Return each scene's number, from 1, by its id."""
    return {scene.id: number for number, scene in enumerate(storyboard.scenes, start=1)}


def scene_warnings(
    storyboard: Storyboard, records: list[AssetRecord], fallbacks: Mapping[str, Problem]
) -> tuple[Problem, ...]:
    """Return what there is to say, in the order of the scenes, the whole film's first."""
    numbers = scene_numbers(storyboard) | {WHOLE: 0}
    told = [(numbers[place], problem) for place, problem in fallbacks.items()]
    told.sort(key=lambda one: one[0])
    told += [
        (numbers[record.scene_id], warning)
        for record in sorted(records, key=lambda record: (numbers[record.scene_id], record.kind))
        for warning in record.medium.metadata.warnings
    ]
    return tuple(problem.of_scene(number) if number else problem for number, problem in told)


def all_warnings(
    storyboard: Storyboard, records: list[AssetRecord], fallbacks: Mapping[str, Problem]
) -> tuple[Problem, ...]:
    """Return those of single scenes, and what can be said once all are made."""
    warnings = [*casting.findings(storyboard), *scene_warnings(storyboard, records, fallbacks)]
    # That no model composed says itself.
    placeholders = [
        record
        for record in records
        if record.medium.source.placeholder and record.kind is not Kind.MUSIC
    ]
    if placeholders:
        pictures = sum(record.kind is Kind.PICTURE for record in placeholders)
        narrations = len(placeholders) - pictures
        warnings.insert(
            0,
            Problem(
                code="placeholder_used",
                message=f"{pictures} pictures and {narrations} narrations are placeholders:"
                " no generation service made them.",
                params={"pictures": pictures, "narrations": narrations},
            ),
        )
    return tuple(warnings)
