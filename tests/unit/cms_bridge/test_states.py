import re
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms_bridge import states
from cms_bridge.states import (
    DRAFTABLE,
    FINISHED,
    LANES,
    MOVES,
    RENDERABLE,
    Lane,
    Status,
    lane_of,
)

HAPPY_PATH = [
    Status.PENDING,
    Status.STORYBOARDING,
    Status.STORYBOARD_COMPLETE,
    Status.APPROVED,
    Status.GENERATING,
    Status.COMPOSING,
    Status.UPLOADING,
    Status.COMPLETED,
]

A_MEDIUM_IS_DONE = (Status.GENERATING, Status.COMPLETED)


def test_the_happy_path_is_legal_step_by_step() -> None:
    for origin, target in pairwise(HAPPY_PATH):
        assert target in MOVES[origin]


@given(st.integers(0, 7), st.integers(0, 7))
def test_no_step_of_the_happy_path_can_be_skipped(start: int, end: int) -> None:
    origin, target = HAPPY_PATH[start], HAPPY_PATH[end]
    if end > start + 1 and (origin, target) != A_MEDIUM_IS_DONE:
        assert target not in MOVES[origin]


def test_a_medium_asked_for_by_itself_is_done_once_it_is_generated() -> None:
    origin, target = A_MEDIUM_IS_DONE
    assert target in MOVES[origin]


def test_only_an_edit_leads_out_of_a_finished_film() -> None:
    assert MOVES[Status.COMPLETED] == {Status.STORYBOARD_COMPLETE, Status.APPROVED}


@pytest.mark.parametrize("origin", sorted(set(Status) - FINISHED))
def test_everything_unfinished_can_fail_and_be_cancelled(origin: Status) -> None:
    assert Status.FAILED in MOVES[origin]
    assert Status.CANCELLED in MOVES[origin]


@pytest.mark.parametrize("origin", [Status.FAILED, Status.CANCELLED])
def test_a_retry_or_an_edit_leads_out_of_failure_and_cancellation(origin: Status) -> None:
    retry, edit = {Status.PENDING, Status.APPROVED}, {Status.STORYBOARD_COMPLETE}
    assert MOVES[origin] - {Status.CANCELLED} == retry | edit


def test_nothing_is_generated_without_an_approval() -> None:
    reached = {Status.PENDING}
    while True:
        further = {to for origin in reached for to in MOVES[origin] if to is not Status.APPROVED}
        if further <= reached:
            break
        reached |= further
    assert not reached & (RENDERABLE | {Status.COMPLETED})


def test_every_status_has_its_moves_and_stands_in_one_group() -> None:
    assert set(MOVES) == set(Status)
    waiting_for_a_person = {Status.STORYBOARD_COMPLETE}
    groups = [FINISHED, DRAFTABLE, RENDERABLE, waiting_for_a_person]
    assert sorted(status for group in groups for status in group) == sorted(Status)


def test_every_kind_status_and_outcome_is_documented_where_it_is_defined() -> None:
    source = Path(states.__file__).read_text(encoding="utf-8")
    documented = re.findall(r'^    ([A-Z_]+) = "\w+"\n    """.+"""$', source, re.MULTILINE)
    kinds = [one for one in vars(states).values() if isinstance(one, type)]
    members = [member.name for kind in kinds if issubclass(kind, StrEnum) for member in kind]
    assert documented == members


def test_what_a_worker_may_claim_is_of_one_lane_and_nothing_else_is() -> None:
    for status in Status:
        lanes = [lane for lane, statuses in LANES.items() if status in statuses]
        assert len(lanes) == (status in DRAFTABLE | RENDERABLE)
        assert [lane_of(status)] == (lanes or [None])
    assert set(LANES) == set(Lane)
