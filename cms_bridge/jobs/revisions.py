"""Revisions: what one storyboard shows or says otherwise than the one before it, scene by scene.

What an editor reads before a change is paid for, and beside each film that was made. Scenes
are known by their ids; where several change places, those are told that moved past the others.
"""

import enum
from collections.abc import Sequence
from difflib import SequenceMatcher

import msgspec

from render.storyboard import Scene, Storyboard


class Change(enum.StrEnum):
    """What became of a scene, or of the whole."""

    ADDED = "added"
    """The scene is new."""
    REMOVED = "removed"
    """The scene is gone."""
    MOVED = "moved"
    """The scene stands elsewhere among the others."""
    EDITED = "edited"
    """It stands where it stood; `parts` says what of it differs."""


class Part(enum.StrEnum):
    """What of a scene, or of the whole, differs."""

    NARRATION = "narration"
    """What is said, or how: a new reading, another voice or language."""
    PICTURE = "picture"
    """What is seen: a picture, a clip, a colour, or where its middle is."""
    MOTION = "motion"
    """How the picture moves, and whether that is heard."""
    TEXT = "text"
    """Words in the picture: the title, on-screen text, captions."""
    TIMING = "timing"
    """How long it is seen, and how it gives way to the next."""
    LOOK = "look"
    """Of the whole: its shape, colours, logo, or the label that says it was made with AI."""
    MUSIC = "music"
    """Of the whole."""


class Difference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What differs in one scene, or in the whole."""

    scene_id: str | None
    """Null of what belongs to the whole."""
    number: int | None
    """Which scene it is, from 1; of one that is gone, which it was. Null of the whole."""
    change: Change
    parts: tuple[Part, ...]
    """In a fixed order; none of a scene that is new or gone."""


PARTS_OF_SCENE: dict[str, Part] = {
    "narration": Part.NARRATION,
    "narration_take": Part.NARRATION,
    "narration_file": Part.NARRATION,
    "speed": Part.NARRATION,
    "picture_prompt": Part.PICTURE,
    "picture_take": Part.PICTURE,
    "picture": Part.PICTURE,
    "cast": Part.PICTURE,
    "focus": Part.PICTURE,
    "clip": Part.PICTURE,
    "background": Part.PICTURE,
    "motion": Part.MOTION,
    "motion_prompt": Part.MOTION,
    "clip_sound": Part.MOTION,
    "on_screen_text": Part.TEXT,
    "text_style": Part.TEXT,
    "caption": Part.TEXT,
    "duration": Part.TIMING,
    "pause_after": Part.TIMING,
    "transition": Part.TIMING,
    "transition_seconds": Part.TIMING,
    "transition_colour": Part.TIMING,
}
PARTS_OF_WHOLE: dict[str, Part] = {
    "locale": Part.NARRATION,
    "voice": Part.NARRATION,
    "speakers": Part.NARRATION,
    "speed": Part.NARRATION,
    "style": Part.PICTURE,
    "look": Part.PICTURE,
    "cast": Part.PICTURE,
    "title": Part.TEXT,
    "captions": Part.TEXT,
    "aspect_ratio": Part.LOOK,
    "palette": Part.LOOK,
    "logo": Part.LOOK,
    "disclosure": Part.LOOK,
    "music": Part.MUSIC,
}
UNSEEN = frozenset({"id", "ingredients", "scenes"})
"""Fields that nobody sees or hears, and that which is told scene by scene."""


def differences(before: Storyboard, after: Storyboard) -> tuple[Difference, ...]:
    """Return what the later one shows or says otherwise: the whole first, then by scene."""
    whole = _parts(before, after, PARTS_OF_WHOLE)
    told = [_of(None, None, Change.EDITED, whole)] if whole else []
    old = {scene.id: (number, scene) for number, scene in enumerate(before.scenes, 1)}
    moved = _moved([one.id for one in before.scenes], [one.id for one in after.scenes])
    for number, scene in enumerate(after.scenes, 1):
        if scene.id not in old:
            told.append(_of(scene, number, Change.ADDED))
            continue
        parts = _parts(old[scene.id][1], scene, PARTS_OF_SCENE)
        if scene.id in moved:
            told.append(_of(scene, number, Change.MOVED, parts))
        elif parts:
            told.append(_of(scene, number, Change.EDITED, parts))
    kept = {scene.id for scene in after.scenes}
    told += [
        _of(scene, number, Change.REMOVED) for number, scene in old.values() if scene.id not in kept
    ]
    return tuple(told)


def _of(
    scene: Scene | None, number: int | None, change: Change, parts: tuple[Part, ...] = ()
) -> Difference:
    return Difference(
        scene_id=scene.id if scene else None, number=number, change=change, parts=parts
    )


def _parts(
    before: Scene | Storyboard, after: Scene | Storyboard, of: dict[str, Part]
) -> tuple[Part, ...]:
    found = {part for name, part in of.items() if getattr(before, name) != getattr(after, name)}
    return tuple(part for part in Part if part in found)


def _moved(before: Sequence[str], after: Sequence[str]) -> frozenset[str]:
    """Return those of both that do not stand among the others as they did."""
    common = frozenset(before) & frozenset(after)
    old, new = ([one for one in ids if one in common] for ids in (before, after))
    stayed: set[str] = set()
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        stayed |= set(new[block.b : block.b + block.size])
    return common - stayed
