"""How long calls took: counts on a scale of even ratios, which several workers can add up.

Quantiles cannot be averaged, and keeping every time would grow without bound;
counts can be added in any order and stay small. Each step of the scale is 5 %
wide, so a quantile is told within 2.5 % of the truth. Times below a
millisecond count as one. Method: DDSketch (Masson et al., VLDB 2019).
"""

import math
from collections.abc import Iterable, Mapping

Counts = Mapping[int, int]
"""How many calls fell on each step."""

_FINEST = 0.001
_RATIO = 1.05


def count(times: Iterable[float]) -> dict[int, int]:
    """Return the counts of some times, in seconds."""
    counts: dict[int, int] = {}
    for seconds in times:
        step = math.ceil(math.log(max(seconds, _FINEST) / _FINEST, _RATIO))
        counts[step] = counts.get(step, 0) + 1
    return counts


def merge(*parts: Counts) -> dict[int, int]:
    """Return several counts as one."""
    whole: dict[int, int] = {}
    for counts in parts:
        for step, calls in counts.items():
            whole[step] = whole.get(step, 0) + calls
    return whole


def quantile(counts: Counts, share: float) -> float | None:
    """Return the seconds within which this share of the calls ended; None where there were none."""
    remaining = share * sum(counts.values())
    for step, calls in sorted(counts.items()):
        remaining -= calls
        if remaining <= 0:
            # The middle of a step, in ratios: as far from its lower as from its upper end.
            return round(_FINEST * _RATIO**step * 2 / (1 + _RATIO), 3)
    return None
