"""What is there of a storyboard's media, as far as it was measured."""

from fractions import Fraction

import msgspec

from render.measures import Measures
from render.preview.document import ExistingAsset


class KnownMedium(msgspec.Struct, frozen=True, kw_only=True):
    """A medium that is there, with what was measured of it; None where nothing was."""

    asset: ExistingAsset
    measures: Measures | None = None
    reading: bool = False
    """Whether it is no narration, but what a free voice reads until there is one."""
    seconds: Fraction = Fraction(0)
    """How long a sound says that it is, as long as nobody has heard it; 0 where it does not."""


class KnownClip(msgspec.Struct, frozen=True, kw_only=True):
    """A clip that is there."""

    asset: ExistingAsset
    seconds: Fraction
    sounds: bool
    """Whether it has sound of its own."""


class SceneAssets(msgspec.Struct, frozen=True, kw_only=True):
    """What is there of a scene."""

    picture: KnownMedium | None = None
    narration: KnownMedium | None = None
    clip: KnownClip | None = None
