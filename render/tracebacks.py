"""Exceptions as a log may show them: kinds, places and the program's own words, never a value.

What an exception says is as often as not what it was given: a row that was
refused, an input that could not be read, an address with a password in it. So
its text is shown only where it stands in the program word for word, and
otherwise what drivers say in codes. Local variables are never looked at.
"""

import errno
import re
import sys
import traceback
from collections.abc import Iterator
from types import CodeType, TracebackType
from typing import Any, cast

_OWN = {"cms_bridge", "daemon", "render"}
_MAX_FRAMES = 20
_MAX_ERRORS = 8
_MAX_TEXT = 300
_CODES = ("sqlstate", "sqlite_errorname", "table_name", "constraint_name", "status_code")
"""What drivers and clients say about an error in names and numbers that are not data."""
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}|[0-9A-Z]{5}")

ErrorRecord = dict[str, Any]


def summary(error: BaseException) -> str:
    """Return an exception in a few words: `asyncpg.….UndefinedTableError (sqlstate 42P01)`."""
    facts = ", ".join(f"{name} {value}" for name, value in _facts(error).items())
    text = _own_words(error)
    return f"{_kind(error)}{f' ({facts})' if facts else ''}{f': {text}' if text else ''}"


def describe(error: BaseException) -> list[ErrorRecord]:
    """Return an exception and those it came from, the last first; bounded in every direction.

    Each is its kind, what of its text is the program's own, its codes, the
    innermost frames as `module:line function`, and how the one before came of
    it: `cause`, `context`, or `member` of a group.
    """
    return [
        {
            "exc_type": _kind(raised),
            **({"exc_value": text} if (text := _own_words(raised)) else {}),
            **({"facts": facts} if (facts := _facts(raised)) else {}),
            **({"relation": relation} if relation else {}),
            "frames": _frames(raised.__traceback__),
        }
        for raised, relation in _family(error)
    ]


def lines(error: BaseException) -> str:
    """Return the same as text."""
    written: list[str] = []
    for described in describe(error):
        facts = ", ".join(f"{name} {value}" for name, value in described.get("facts", {}).items())
        head = f"{described['exc_type']}{f' ({facts})' if facts else ''}"
        head += f": {described['exc_value']}" if "exc_value" in described else ""
        written.append(f"{described['relation']}: {head}" if "relation" in described else head)
        written += [f"  {frame}" for frame in described["frames"]]
    return "\n".join(written)


def place(error: BaseException) -> str:
    """Return where in this program an exception came from: `module:line`, the innermost one."""
    own = [
        f"{name}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if (name := str(frame.f_globals.get("__name__", "?"))).partition(".")[0] in _OWN
    ]
    return own[-1] if own else "?"


def install() -> None:
    """Have errors that end this process written to standard error in this way."""

    def hook(_kind: type[BaseException], error: BaseException, _at: TracebackType | None) -> None:
        sys.stderr.write(lines(error) + "\n")

    sys.excepthook = hook


def _kind(error: BaseException) -> str:
    kind = type(error)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"


def _own_words(error: BaseException) -> str:
    """Return an exception's text if it is a constant of the code that raised it."""
    code = _raised_in(error)
    text = error.message if isinstance(error, BaseExceptionGroup) else _text(error)
    return text[:_MAX_TEXT] if code and text and text in code.co_consts else ""


def _text(error: BaseException) -> str:
    # KeyError's own text is its key's `repr`.
    return error.args[0] if len(error.args) == 1 and isinstance(error.args[0], str) else ""


def _raised_in(error: BaseException) -> CodeType | None:
    at = error.__traceback__
    while at and at.tb_next:
        at = at.tb_next
    return at.tb_frame.f_code if at else None


def _facts(error: BaseException) -> dict[str, str | int]:
    facts: dict[str, str | int] = {}
    names = _CODES
    if type(error).__module__.partition(".")[0] in _OWN:
        names = ("code",)
    elif isinstance(error, AttributeError | NameError | ImportError):
        names = ("name",)
    for name in names:
        value = _attribute(error, name)
        if isinstance(value, int) or (isinstance(value, str) and _IDENTIFIER.fullmatch(value)):
            facts[name] = value
    if isinstance(error, OSError) and error.errno is not None and error.errno in errno.errorcode:
        facts["errno"] = errno.errorcode[error.errno]
    status = _attribute(_attribute(error, "response"), "status_code")
    if isinstance(status, int):
        facts["status_code"] = status
    return facts


def _attribute(of: object, name: str) -> object:
    try:
        return getattr(of, name, None)
    except Exception:  # noqa: BLE001 - some are properties that raise what they like
        return None


def _frames(at: TracebackType | None) -> list[str]:
    frames = [
        f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(at)
    ]
    left_out = len(frames) - _MAX_FRAMES
    return [f"({left_out} more)", *frames[-_MAX_FRAMES:]] if left_out > 0 else frames


def _family(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """Yield an exception, its causes and contexts and the members of groups, each once."""
    waiting: list[tuple[BaseException, str]] = [(error, "")]
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_ERRORS:
        raised, relation = waiting.pop(0)
        if id(raised) in seen:
            continue
        seen.add(id(raised))
        yield raised, relation
        if isinstance(raised, BaseExceptionGroup):
            group = cast("BaseExceptionGroup[BaseException]", raised)
            waiting += [(member, "member") for member in group.exceptions[:_MAX_ERRORS]]
        if raised.__cause__:
            waiting.append((raised.__cause__, "cause"))
        elif raised.__context__ and not raised.__suppress_context__:
            waiting.append((raised.__context__, "context"))
