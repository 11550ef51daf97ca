"""What the doctor finds: a part, how it is, and the command that mends it."""

from enum import StrEnum
from typing import Literal

import msgspec


class Role(StrEnum):
    """What a machine is to be: a daemon's needs the media libraries, a bridge's does not."""

    BRIDGE = "bridge"
    DAEMON = "daemon"


State = Literal["ok", "note", "broken"]
"""`note`: works, with something to know; `broken`: bridge or daemon will not work with it."""


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the report."""

    part: str
    state: State
    said: str
    mend: str = ""
    """The command, or the one thing to do, after which the line is gone."""
