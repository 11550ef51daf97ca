"""Tokens: the text of a key, as it is handed out once and presented from then on.

    rw_k3v9x0p2m4qa_<43 characters of secret><6 of checksum>

The id finds the key's row and is no secret; the secret holds 256 random bits. The
checksum (CRC-32 of all before it) lets a scanner of repositories and logs tell a
key from what only looks like one, and spares the database what was mistyped. All
is of letters, digits and `_`, so that a double click selects it whole.
"""

import hashlib
import re
import secrets
import string
import zlib

_ID_LETTERS = string.ascii_lowercase + string.digits
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID_CHARS = 12
_SECRET_CHARS = 43
"""As many letters as hold 256 bits: 62⁴³ > 2²⁵⁶."""
_CHECK_CHARS = 6
_TOKEN = re.compile(
    rf"rw_(?P<id>[a-z0-9]{{{_ID_CHARS}}})_[0-9A-Za-z]{{{_SECRET_CHARS + _CHECK_CHARS}}}"
)


def new_token() -> str:
    """Make up a token."""
    name, secret = _random(_ID_LETTERS, _ID_CHARS), _random(_LETTERS, _SECRET_CHARS)
    text = f"rw_{name}_{secret}"
    return text + _checksum(text)


def id_in(presented: str) -> str | None:
    """Return the id of a token's key, or None for what nobody here can have made."""
    found = _TOKEN.fullmatch(presented)
    if found is None or _checksum(presented[:-_CHECK_CHARS]) != presented[-_CHECK_CHARS:]:
        return None
    return found["id"]


def named(text: str) -> str:
    """Return the id that a person names a key by: alone, behind `rw_`, or in a whole token."""
    return text.strip().removeprefix("rw_").partition("_")[0]


def digest(presented: str) -> str:
    """Return what is kept of a token: SHA-256, in hex.

    A slow hash protects what people choose, since that can be guessed. 256 random
    bits cannot, however fast the hash; a slow one would cost every request its time,
    and hand whoever sends nonsense a way to keep the bridge busy.
    """
    return hashlib.sha256(presented.encode(errors="surrogatepass")).hexdigest()


def _random(letters: str, length: int) -> str:
    return "".join(secrets.choice(letters) for _ in range(length))


def _checksum(text: str) -> str:
    value, digits = zlib.crc32(text.encode()), ""
    for _ in range(_CHECK_CHARS):
        value, digit = divmod(value, len(_LETTERS))
        digits = _LETTERS[digit] + digits
    return digits
