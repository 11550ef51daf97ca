"""Casting: who of a cast a scene shows, by the names that stand in its words."""

import re
from collections.abc import Sequence

from render.cast import CastMember
from render.problem import Problem
from render.storyboard import Scene, Storyboard
from render.whole_words import whole_words

_CALLED = re.compile(r"(?<![\w@.])@([^\W\d_][\w'’-]*)")
"""A name that is called for by its mark: `@Mira`. An address, `a@b.c`, is none."""


def cast_of(storyboard: Storyboard, scene: Scene) -> tuple[CastMember, ...]:
    """Return whom a scene names, in its narration, its picture prompt or its list of names.

    They come in the cast's order. A name within a longer one of the cast is not named by it.
    """
    if not storyboard.cast:
        return ()
    text = f"{scene.narration}\n{scene.picture_prompt}"
    found = {match[0].casefold() for match in _names(storyboard.cast).finditer(text)}
    found |= {name.casefold() for name in scene.cast}
    return tuple(member for member in storyboard.cast if member.name.casefold() in found)


def missing_from(storyboard: Storyboard, scene: Scene) -> tuple[str, ...]:
    """Return the names that a scene calls for and its cast does not have, as they are written."""
    known = {member.name.casefold() for member in storyboard.cast}
    called = _CALLED.findall(without_marks(scene.picture_prompt, storyboard.cast))
    wanted = {name.casefold(): name for name in reversed([*scene.cast, *called])}
    return tuple(name for key, name in reversed(wanted.items()) if key not in known)


def without_marks(text: str, cast: Sequence[CastMember]) -> str:
    """Return a text in which those of the cast that are called for stand by their name alone."""
    if "@" not in text or not cast:
        return text
    marked = re.compile(rf"(?<![\w@.])@({_names(cast).pattern})", re.IGNORECASE)
    return marked.sub(lambda match: match[1], text)


def findings(storyboard: Storyboard) -> tuple[Problem, ...]:
    """Return a warning for each name that a scene calls for in vain."""
    return tuple(
        Problem(
            code="cast_missing",
            message=f"The cast has nobody and nothing called “{name}”;"
            " the picture is made by its prompt alone.",
            params={"name": name},
        ).of_scene(number)
        for number, scene in enumerate(storyboard.scenes, start=1)
        for name in missing_from(storyboard, scene)
    )


def _names(cast: Sequence[CastMember]) -> re.Pattern[str]:
    return whole_words(sorted((member.name for member in cast), key=len, reverse=True))
