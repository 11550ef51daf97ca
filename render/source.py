"""Where a medium comes from: the one word by which it is told of, signed and found again.

What stands in for a model's work, and so is a placeholder everywhere, follows
from it alone. Light: no media library is loaded.
"""

import enum

import msgspec


class Source(enum.StrEnum):
    """Who or what made a picture, a sound or a text."""

    MODEL = "model"
    """A trained model made it, because it was asked to."""
    STOCK = "stock"
    """A picture of the house's own folder, under whatever licence it came with: it was found by
    words where no model drew, and stands in."""
    UPLOAD = "upload"
    """People brought it: an editor's own picture, clip, narration, music, logo or words."""
    RULE = "rule"
    """It was drawn, spoken or composed by rule, without a trained model: a designed card,
    espeak-ng's voice, which stand in too, or the built-in music."""

    @property
    def placeholder(self) -> bool:
        """Whether it stands in for what a model was to make."""
        return self in {Source.STOCK, Source.RULE}

    @classmethod
    def of_provider(cls, provider: str) -> "Source":
        """Return the source of what was written down before it named one itself."""
        return _PROVIDERS.get(provider, cls.MODEL)


_PROVIDERS = {"": Source.UPLOAD, "offline": Source.RULE, "stock": Source.STOCK}


class Credit(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose work it is and how it may be used, as far as that is noted."""

    author: str = ""
    licence: str = ""
    """An SPDX expression where there is one, else a line in somebody's own words."""
    digital_source_type: str = ""
    """IPTC's term for how it came about, such as `digitalCapture`, where the file says it."""
