"""The text stack: words set by Typst in the fonts shipped here."""

import functools
import hashlib
from pathlib import Path

from importlib.metadata import version

FONTS = Path(__file__).parents[1] / "fonts"


@functools.cache
def stack_digest() -> str:
    """Return the digest of all that decides how letters look: fonts and typesetter."""
    digest = hashlib.sha256(version("typst").encode())
    for font in sorted(FONTS.iterdir()):
        digest.update(font.read_bytes())
    return digest.hexdigest()
