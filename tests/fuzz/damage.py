"""Damage: what becomes of files on their way, and what somebody who means harm makes of them."""

import json
import random
from collections.abc import Callable
from typing import Any

HEADER = 512
"""Bytes within which most files say what they are."""
_EXTREMES = (b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0")


def truncated(raw: bytearray, chance: random.Random) -> None:
    """Cut off its end."""
    del raw[chance.randrange(len(raw) + 1) :]


def flipped(raw: bytearray, chance: random.Random) -> None:
    """Change up to sixteen bytes anywhere."""
    for _ in range(chance.randint(1, 16)):
        raw[chance.randrange(len(raw))] ^= chance.randrange(1, 256)


def flipped_at_the_head(raw: bytearray, chance: random.Random) -> None:
    """Turn over up to eight bits of the first bytes."""
    for _ in range(chance.randint(1, 8)):
        raw[chance.randrange(min(len(raw), HEADER))] ^= 1 << chance.randrange(8)


def overstated(raw: bytearray, chance: random.Random) -> None:
    """Write the greatest or least of numbers over four bytes: lengths, counts and sizes."""
    place = chance.randrange(min(len(raw), chance.choice((HEADER, len(raw)))))
    raw[place : place + 4] = chance.choice(_EXTREMES)[: len(raw) - place]


def erased(raw: bytearray, chance: random.Random) -> None:
    """Write zeroes over a stretch, as a disk does that lost it."""
    start, end = _stretch(raw, chance)
    raw[start:end] = bytes(end - start)


def scrambled(raw: bytearray, chance: random.Random) -> None:
    """Write noise over a stretch."""
    start, end = _stretch(raw, chance)
    raw[start:end] = chance.randbytes(end - start)


def removed(raw: bytearray, chance: random.Random) -> None:
    """Take a stretch out."""
    start, end = _stretch(raw, chance)
    del raw[start:end]


def repeated(raw: bytearray, chance: random.Random) -> None:
    """Have a stretch twice."""
    start, end = _stretch(raw, chance)
    raw[start:start] = raw[start:end]


KINDS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    truncated,
    flipped,
    flipped_at_the_head,
    overstated,
    erased,
    scrambled,
    removed,
    repeated,
)


_STATEMENTS: tuple[Any, ...] = (
    *(None, True, "", [], {}),
    *(0, -1, 1, 0.04, 5e-324, 1e308, 10**30, -0.0),
    *("\0", "\ud800", "\u202eabc", "👩‍👩‍👧" * 40, "é" + "\u0301" * 300, "a" * 70_000, "\n" * 99),
    *("../../../etc/passwd", "/dev/zero", "b.png", "c", "#12345", "ไทย中文العربية" * 9),
)
"""What people and programs write where something else is meant."""


def misstated(raw: bytearray, chance: random.Random) -> None:
    """Say something else somewhere in a JSON document."""
    document = json.loads(raw)
    for _ in range(chance.randint(1, 3)):
        holder, key = chance.choice(list(_places(document)))
        if isinstance(holder[key], list) and chance.random() < 0.5:
            holder[key] = holder[key] * chance.choice((2, 40))
        else:
            holder[key] = chance.choice(_STATEMENTS)
    raw[:] = json.dumps(document).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict | list):
        keys = value if isinstance(value, dict) else range(len(value))
        return [place for key in keys for place in ((value, key), *_places(value[key]))]
    return []


def _stretch(raw: bytearray, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(raw))
    return start, min(len(raw), start + chance.randint(1, 1 << chance.randint(0, 12)))


def damage(raw: bytes, chance: random.Random) -> tuple[bytes, str]:
    """Return a file damaged once or twice, and how."""
    changed = bytearray(raw)
    if raw.startswith(b'{"') and chance.random() < 0.7:
        misstated(changed, chance)
        return bytes(changed), misstated.__name__
    kinds = chance.sample(KINDS, k=chance.choice((1, 1, 1, 2)))
    for kind in kinds:
        if changed:
            kind(changed, chance)
    return bytes(changed), " and ".join(kind.__name__ for kind in kinds)
