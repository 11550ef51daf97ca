"""The forms of single fields in what others send: each bounded once, for server and documents.

msgspec decodes by these and describes by them, so that neither can say more
than the other. What is stored has its column's bounds: a Varchar's length, an
INTEGER's greatest number, no NUL, which PostgreSQL does not keep.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from render.schema import END


def camel_case(name: str) -> str:
    """Return a name of Python's as whoever asks reads it (decision 0024)."""
    first, *more = name.split("_")
    return first + "".join(map(str.title, more))


class FieldError(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that is wrong with a request."""

    message: str
    key: str = ""
    """The field or parameter."""
    source: str = ""
    """`body`, `path`, `query` or `header`."""

    def __str__(self) -> str:
        """Return it as a sentence."""
        return f"{self.key}: {self.message}." if self.key else f"{self.message}."


ONE_LINE = rf"^[^\u0000-\u001f\u007f]*{END}"
"""No control character; JSON Schema's dialect and Python's read it alike."""

GREATEST = 2**31 - 1
"""What an INTEGER column holds."""

LONGEST_NAME = 128
"""Characters that the columns of names hold."""

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME, pattern=ONE_LINE)]
"""A document's id in the CMS, as text."""

Name = Annotated[str, msgspec.Meta(max_length=LONGEST_NAME, pattern=ONE_LINE)]
"""The name of a field or a version in the CMS; empty for none."""

Person = Annotated[str, msgspec.Meta(max_length=200, pattern=ONE_LINE)]
"""Who says or asks something: an e-mail address or a name; empty for nobody in particular."""

Count = Annotated[int, msgspec.Meta(ge=1, le=GREATEST)]
"""Counts upwards from 1."""

Digest = Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{64}}{END}")]
"""SHA-256, in hex."""

_DOLLARS = rf"^(0|[1-9][0-9]{{0,5}})(\.[0-9]{{1,6}})?{END}"

Dollars = Annotated[str, msgspec.Meta(pattern=_DOLLARS)]
"""An amount of US dollars below a million as text, to the millionth: what the columns hold."""

Price = Annotated[Decimal, msgspec.Meta(extra_json_schema={"pattern": _DOLLARS})]
"""The same in events, where other ways to write it are taken from older senders."""

Moment = Annotated[datetime, msgspec.Meta(extra_json_schema={"format": "date-time"})]
"""A moment (RFC 3339). msgspec names the format only where it insists on an offset from UTC."""

Words = Annotated[str, msgspec.Meta(max_length=10_000)]
"""Words that say how something should look or sound."""

MusicSeconds = Annotated[float, msgspec.Meta(ge=1, le=600)]
"""How long music is wanted."""
