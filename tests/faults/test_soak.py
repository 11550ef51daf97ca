"""The quick cut of the soak, whose whole is `make soak`: each fault, and nothing left over."""

from pathlib import Path

import pytest

from tests.faults.soak import soak
from tests.faults.soak_report import Outcome, Plan, document

pytestmark = pytest.mark.anyio


@pytest.mark.slow
@pytest.mark.timeout(1_800)
async def test_nothing_is_left_over_after_each_fault(tmp_path: Path) -> None:
    outcome = await soak(Plan(jobs=40, fault_seconds=2), tmp_path)
    assert {what: some for what, some in outcome.left.items() if some} == {}
    assert sum(outcome.ended.values()) == 40
    assert sum(outcome.faults.values()) >= 4
    assert outcome.is_clean


def outcome(*samples: float, left: tuple[str, ...] = ()) -> Outcome:
    return Outcome(
        plan=Plan(jobs=1),
        seconds=1,
        ended={"image completed": 1},
        faults={},
        charged=1,
        unknown=0,
        swept={},
        memory={"daemon": list(samples)},
        left={"files": list(left)},
    )


def test_what_grew_or_is_left_over_is_told() -> None:
    second, last = [100.0] * 20, [104.0] * 10
    flat = outcome(*second, *[100.0] * 10, *last)
    assert flat.growth("daemon") == pytest.approx(0.04)
    assert flat.is_flat
    grown = outcome(*second, *[100.0] * 10, *[106.0] * 10)
    assert not grown.is_flat
    assert "+6.0%" in document(grown)
    # The first quarter is not judged, nor is what was hardly looked at.
    assert outcome(*[1.0] * 10, *second, *last).is_flat
    assert outcome(1.0, 2.0, 3.0, 9.0).growth("daemon") is None
    assert not outcome(*second, left=("a",)).is_clean
