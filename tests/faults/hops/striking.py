"""How each fault strikes, and how it passes."""

import signal
import time

from anyio import to_thread

from tests.faults.hops.house import House
from tests.faults.hops.plan import Fault, Hop, Runner
from tests.support.servers.doors import Mode

AWAY_SECONDS = 3.0
"""How long a server that was taken away stays so."""
HANG_SECONDS = 6.0
"""How long a provider answers nothing."""


async def strike(house: House, hop: Hop, fault: Fault, number: int) -> float:
    """Let a fault happen and pass; return when it had passed, by the monotonic clock.

    Whoever is held goes on as soon as the fault is there. A process that was struck is started
    again at once, which is not waited for.
    """
    match fault:
        case Fault.KILL | Fault.TERM:
            return await to_thread.run_sync(_end, house, hop.runner, signal.Signals[fault.value])
        case Fault.REDIS | Fault.DATABASE:
            return await to_thread.run_sync(_restart, house, fault)
        case Fault.STORE | Fault.CMS:
            door = house.store_door if fault is Fault.STORE else house.cms_door
            # In turns: answers that it cannot, and no answer at all.
            door.mode = Mode.HANGING if number % 2 else Mode.REFUSING
            house.stops.let_go()
            await to_thread.run_sync(time.sleep, AWAY_SECONDS)
            door.mode = Mode.OPEN
        case Fault.PROVIDER:
            # What is under way answers late; what is asked from now on does not.
            house.google.latency = 0
            await to_thread.run_sync(time.sleep, HANG_SECONDS)
    return time.monotonic()


def _end(house: House, runner: Runner, number: signal.Signals) -> float:
    running = house.processes[runner]
    running.send(number)
    struck = time.monotonic()
    if number is signal.SIGKILL:
        running.wait()
        house.stops.let_go()
    else:
        house.stops.let_go()
        running.wait()
    running.start()
    return struck


def _restart(house: House, fault: Fault) -> float:
    server = house.redis if fault is Fault.REDIS else house.postgres
    server.stop()
    house.stops.let_go()
    time.sleep(AWAY_SECONDS)
    server.start()
    return time.monotonic()
