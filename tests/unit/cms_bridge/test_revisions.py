"""What differs between two storyboards, told scene by scene."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from cms_bridge.jobs import revisions
from cms_bridge.jobs.revisions import Change, Part, differences
from render.own import Upload
from render.storyboard import Motion, Palette, Scene, Solid, Storyboard

FIRST = Storyboard(
    title="Bread",
    scenes=tuple(
        Scene(id=name, narration=f"Words of {name}.", picture_prompt=name) for name in "abcd"
    ),
)


def told(after: Storyboard, before: Storyboard = FIRST) -> list[tuple[Any, ...]]:
    return [(one.number, one.scene_id, one.change, one.parts) for one in differences(before, after)]


def with_scenes(*scenes: Scene) -> Storyboard:
    return replace(FIRST, scenes=scenes)


def test_the_same_differs_in_nothing() -> None:
    assert differences(FIRST, FIRST) == ()


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"narration": "Others."}, Part.NARRATION),
        ({"narration_take": 1}, Part.NARRATION),
        ({"speed": 1.2}, Part.NARRATION),
        ({"pause_after": 1.5}, Part.TIMING),
        ({"picture_take": 1}, Part.PICTURE),
        ({"picture": Upload(asset_id=UUID(int=1))}, Part.PICTURE),
        ({"narration_file": Upload(asset_id=UUID(int=1))}, Part.NARRATION),
        ({"background": Solid(colour="#000000")}, Part.PICTURE),
        ({"motion": Motion.STILL}, Part.MOTION),
        ({"clip_sound": True}, Part.MOTION),
        ({"caption": ""}, Part.TEXT),
        ({"duration": 3.0}, Part.TIMING),
    ],
)
def test_an_edited_scene_says_what_of_it_differs(changes: dict[str, Any], part: Part) -> None:
    a, b, *others = FIRST.scenes
    edited = with_scenes(a, replace(b, **changes), *others)
    assert told(edited) == [(2, "b", Change.EDITED, (part,))]


def test_what_belongs_to_the_whole_is_told_once() -> None:
    palette = Palette(background="#000000")
    assert told(replace(FIRST, voice="Kore", palette=palette)) == [
        (None, None, Change.EDITED, (Part.NARRATION, Part.LOOK))
    ]


def test_added_removed_and_moved_scenes_are_told_as_such() -> None:
    a, b, c, d = FIRST.scenes
    new = Scene(id="new", narration="New.")
    assert told(with_scenes(a, new, b, c, d)) == [(2, "new", Change.ADDED, ())]
    assert told(with_scenes(a, c, d)) == [(2, "b", Change.REMOVED, ())]
    assert told(with_scenes(d, a, b, c)) == [(1, "d", Change.MOVED, ())]
    said = replace(d, narration="Others.")
    assert told(with_scenes(said, a, b, c)) == [(1, "d", Change.MOVED, (Part.NARRATION,))]


def test_every_field_is_told_of_or_is_never_seen() -> None:
    known = {*revisions.PARTS_OF_SCENE, *revisions.PARTS_OF_WHOLE, *revisions.UNSEEN}
    fields = {one.name for kind in (Scene, Storyboard) for one in msgspec.structs.fields(kind)}
    assert fields == known
