"""The twelve hops, the faults, and where in the product each strikes.

`specs/walkthrough.md` names the hops. A hop that runs in a process of ours has a `Place`:
a function at which that process stops, and stays until the fault has struck.
"""

from collections.abc import Callable
from enum import Enum, StrEnum
from typing import Any, NamedTuple

from cms_bridge import films
from cms_bridge.inbox import webhooks
from cms_bridge.jobs import decisions, leases
from cms_bridge.jobs.leases import Phase
from cms_bridge.jobs.queue import Queue
from cms_bridge.outbox.payload import PayloadClient
from cms_bridge.states import Status
from cms_bridge.storage.r2 import R2Store
from daemon.work import engine
from daemon.work.progress import COMPOSING, Reporter


class Fault(StrEnum):
    """What strikes."""

    KILL = "SIGKILL"
    TERM = "SIGTERM"
    REDIS = "Redis restart"
    DATABASE = "database restart"
    STORE = "store error"
    CMS = "CMS error"
    PROVIDER = "provider hang"


class Runner(StrEnum):
    """In which process a hop runs, and so which one a signal goes to."""

    PAYLOAD = "Payload"
    BRIDGE = "bridge"
    DAEMON = "daemon"


class Place(NamedTuple):
    """A function at which a process stops: before it is called, or once it has returned."""

    owner: Any
    function: str
    given: Callable[..., bool] = lambda *_, **__: True
    """Whether a call with these arguments counts."""


_SIGNALS = (Fault.KILL, Fault.TERM)
_SERVERS = (Fault.REDIS, Fault.DATABASE)


def _to_film(*given: Any, **_: Any) -> bool:
    return Phase.RENDER in given


def _encoding(*given: Any, **_: Any) -> bool:
    return given[1] is COMPOSING and given[2] > 0


def _the_film(*given: Any, **_: Any) -> bool:
    return given[1].endswith(".mp4")


def _completed(*given: Any, **_: Any) -> bool:
    return given[1].status is Status.COMPLETED


def _wakes(*given: Any, **_: Any) -> bool:
    return bool(given[1].jobs)


class Hop(Enum):
    """A hop: its words, where it runs, which faults can meet it, and where it is met.

    Where a process stops is before its place, or after it for the faults in `after`.
    """

    SAVE = (
        "the save writes an outbox row",
        Runner.PAYLOAD,
        _SIGNALS,
        None,
    )
    POST = (
        "Payload POSTs the event",
        Runner.PAYLOAD,
        _SIGNALS,
        Place(webhooks, "read_bounded"),
    )
    RECEIVE = (
        "the event is read, to be verified",
        Runner.BRIDGE,
        (*_SIGNALS, *_SERVERS),
        Place(webhooks, "read_bounded"),
        (*_SIGNALS, Fault.DATABASE),
    )
    ACCEPT = (
        "event and effect, in their transaction",
        Runner.BRIDGE,
        (*_SIGNALS, *_SERVERS),
        Place(decisions, "approve_change"),
        (*_SIGNALS, *_SERVERS),
    )
    WAKE = (
        "committed, a worker to be woken",
        Runner.BRIDGE,
        (*_SIGNALS, *_SERVERS),
        Place(Queue, "send_due", _wakes),
    )
    CLAIM = (
        "a daemon claims the job",
        Runner.DAEMON,
        (*_SIGNALS, *_SERVERS),
        Place(leases, "claim", _to_film),
        (*_SIGNALS, *_SERVERS),
    )
    GENERATE = (
        "paid calls under way",
        Runner.DAEMON,
        (*_SIGNALS, *_SERVERS, Fault.STORE, Fault.CMS, Fault.PROVIDER),
        None,
    )
    PLAN = (
        "the engine plans the segments",
        Runner.DAEMON,
        (*_SIGNALS, *_SERVERS, Fault.STORE, Fault.CMS),
        Place(engine, "_follow"),
    )
    COMPOSE = (
        "the engine encodes",
        Runner.DAEMON,
        (*_SIGNALS, *_SERVERS, Fault.STORE, Fault.CMS),
        Place(Reporter, "report", _encoding),
    )
    STORE = (
        "the film goes into the store",
        Runner.DAEMON,
        (*_SIGNALS, *_SERVERS, Fault.STORE, Fault.CMS),
        Place(R2Store, "put", _the_film),
        (*_SIGNALS, Fault.DATABASE),
    )
    COMPLETE = (
        "the job is completed, in its transaction",
        Runner.DAEMON,
        (*_SIGNALS, *_SERVERS),
        Place(films, "record"),
        (*_SIGNALS, *_SERVERS),
    )
    WRITE_BACK = (
        "Payload is told of the film",
        Runner.DAEMON,
        (*_SIGNALS, *_SERVERS, Fault.CMS),
        Place(PayloadClient, "write_rendition", _completed),
        (*_SIGNALS, Fault.DATABASE),
    )

    def __init__(
        self,
        words: str,
        runner: Runner,
        faults: tuple[Fault, ...],
        place: Place | None,
        after: tuple[Fault, ...] = (),
    ) -> None:
        self.words = words
        self.runner = runner
        self.faults = faults
        """Those that the hop can meet: the others touch nothing that it uses."""
        self.place = place
        self.after = after

    @property
    def number(self) -> int:
        """Counts the hops from one."""
        return list(Hop).index(self) + 1

    def stop(self, fault: Fault) -> str:
        """Return the name under which a process stops here for a fault."""
        return f"{self.name}-{'after' if fault in self.after else 'before'}"


CELLS = [(hop, fault) for hop in Hop for fault in hop.faults]
