"""The cast and the look of a project: who and what comes back in its films, and how they look."""

import enum
from typing import Annotated

import msgspec

from render.own import OwnFile
from render.schema import BLANK, END

CastName = Annotated[str, msgspec.Meta(pattern=rf"^[^{BLANK}@][^@\x00-\x1f\x7f]{{0,99}}{END}")]
"""What a scene calls somebody or something by: a word, or a few, in any script."""


class CastKind(enum.StrEnum):
    """What a member of a cast is."""

    PERSON = "person"
    PLACE = "place"
    THING = "thing"


class CastMember(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Somebody or something that is to look the same in every picture that shows it."""

    name: CastName
    """No other of its cast is called so, in whatever case."""
    kind: CastKind = CastKind.PERSON
    description: str = ""
    """How it looks, in words."""
    references: tuple[OwnFile, ...] = ()
    """Pictures of it, the best first."""


class Look(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How all pictures of a film look, in words; what is empty is left to the model."""

    style: str = ""
    """Such as `watercolour on rough paper`; a storyboard's own style takes its place."""
    palette: str = ""
    """Such as `ochre and deep blue`. The colours of text and cards are the `Palette`'s."""
    lens: str = ""
    """Such as `35 mm, shallow depth of field`."""
