"""Casting: whom a scene shows by the names in its words, and whom it calls for in vain."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.cast import CastMember
from render.casting import cast_of, findings, missing_from, without_marks
from render.errors import InvalidStoryboard, LimitExceeded
from render.own import CmsFile
from render.storyboard import Limits, Scene, Storyboard

CAST = tuple(
    CastMember(name=name)
    for name in ("Mira", "Mira Stone", "the red mill", "C-3", "美咲", "ミラ", "미라", "สมชาย")
)


def board(*, of: tuple[CastMember, ...] = CAST, **scene: Any) -> Storyboard:
    return Storyboard(title="T", cast=of, scenes=(Scene(id="s1", **scene),))


def named(**scene: Any) -> list[str]:
    told = board(**scene)
    return [member.name for member in cast_of(told, told.scenes[0])]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Mira bakes bread.", ["Mira"]),
        ("It is MIRA's oven; mira, too.", ["Mira"]),
        ("Miranda admires a miracle.", []),
        ("Mira Stone bakes.", ["Mira Stone"]),
        ("Mira Stone and Mira bake.", ["Mira", "Mira Stone"]),
        ("At The Red Mill, C-3 waits.", ["the red mill", "C-3"]),
        ("C-35 and AC-3", []),
        ("今日は美咲がパンを焼く。", ["美咲"]),
        ("ミラはパンを焼く。", ["ミラ"]),
        ("ミラーを見る。", []),
        ("Miraはパンを焼く。", ["Mira"]),
        ("미라는 빵을 굽는다.", ["미라"]),
        ("구미라 씨", []),
        ("วันนี้สมชายอบขนมปัง", ["สมชาย"]),
        ("", []),
    ],
)
def test_whoever_stands_in_narration_or_prompt_by_a_whole_name_is_shown(
    words: str, found: list[str]
) -> None:
    assert named(narration=words) == named(picture_prompt=words) == found


def test_the_motion_and_what_stands_in_the_picture_name_nobody() -> None:
    assert named(motion_prompt="Mira nods", on_screen_text="Mira") == []


def test_a_scene_names_others_by_its_list_and_in_its_prompt_by_a_mark() -> None:
    assert named(cast=("MIRA",)) == ["Mira"]
    assert named(picture_prompt="@Mira Stone at @the red mill") == ["Mira Stone", "the red mill"]
    assert without_marks("@Mira, @Ada and a@b.c", CAST) == "Mira, @Ada and a@b.c"


def test_who_is_called_for_and_not_there_is_told_once_by_scene_before_anything_is_paid() -> None:
    told = board(of=CAST[:1], narration="Ada rests.", picture_prompt="@Ada @Mira @Ada")
    assert missing_from(told, told.scenes[0]) == ("Ada",)
    (problem,) = findings(told)
    assert (problem.code, problem.params) == ("cast_missing", {"name": "Ada", "scene": 1})
    for nobody in ({"narration": "@Ada"}, {"picture_prompt": "Write to ada@example.com, @ 5 pm."}):
        assert findings(board(**nobody)) == ()
    listed = Storyboard(title="T", scenes=(Scene(id="s1", cast=("Ada", "ada")),))
    assert [one.params["name"] for one in findings(listed)] == ["Ada"]


@given(before=st.text(max_size=5), after=st.text(max_size=5))
def test_any_surroundings_are_read(before: str, after: str) -> None:
    told = board(picture_prompt=f"{before}Mira{after}@{after}")
    assert set(cast_of(told, told.scenes[0])) <= set(CAST)
    assert all(name != "Mira" for name in missing_from(told, told.scenes[0]))


def test_a_name_alone_among_others_is_found_whatever_stands_around_it() -> None:
    for left in (" ", "\n", "(", "“", "は", "—"):
        for right in (" ", ".", ")", "”", "は", "’s"):
            assert named(narration=f"x{left}Mira{right}") == ["Mira"]


def test_a_cast_is_bounded_and_no_two_of_it_have_one_name() -> None:
    limits = Limits(max_cast=2, max_references=1, max_scene_chars=10)
    file = CmsFile(collection="media", document="1", name="a.png", version="1")
    board(of=CAST[:2]).check(limits)
    for cast, error in (
        (CAST[:3], LimitExceeded),
        ((CastMember(name="Ada"), CastMember(name="ADA")), InvalidStoryboard),
        ((CastMember(name="Ada", description="x" * 11),), LimitExceeded),
        ((CastMember(name="Ada", references=(file, file)),), LimitExceeded),
    ):
        with pytest.raises(error):
            board(of=cast).check(limits)
