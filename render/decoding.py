"""The boundary of the decoders: whatever they raise over a stranger's bytes, it ends as one error.

Libraries that read media raise what they like: Pillow a `SyntaxError` for a broken chunk, libavif
a `RuntimeError` for a gain map's gamma of zero, numpy a `ValueError` for rows that do not add up.
No list of these is ever whole, so there is none: within the boundary every exception says the
same of the file. A machine that has no memory left says nothing of it.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from render.errors import CompositionError, RenderError


class Unread(Exception):
    """What is whole and understood, and not read here; its text is the reason."""


@contextmanager
def decoding(error_of: Callable[[str], RenderError], reason: str) -> Generator[None]:
    """Raise `error_of(reason)` for whatever is raised within; the engine's own errors pass."""
    try:
        yield
    except RenderError:
        raise
    except Unread as error:
        raise error_of(str(error)) from error
    except Exception as error:
        # FFmpeg's error of that name is as often what a broken header asks for.
        if type(error) is MemoryError:
            short = error_of("takes more memory to read than there is")
            raise CompositionError(short.message, **short.params) from error
        raise error_of(reason) from error
