"""What a daemon has in flight when it is told to stop: what is nearly done goes on for a while."""

from collections.abc import Callable

import anyio
import pytest

from daemon.work.in_flight import InFlight

pytestmark = pytest.mark.anyio


async def attempted(
    in_flight: InFlight, said: list[str], name: str, work: Callable[[], None]
) -> None:
    """Run an attempt, whose work is a task beside its heartbeat, and say how it ended."""

    async def run() -> None:
        work()
        said.append(f"{name} began")
        await anyio.sleep(0.3)
        said.append(f"{name} is done")

    with in_flight.attempt(seconds=60) as scope:
        async with anyio.create_task_group() as group:
            with scope:
                async with anyio.create_task_group() as beside:
                    beside.start_soon(run)
            group.cancel_scope.cancel()
    if scope.cancelled_caught:
        said.append(f"{name} is let go")


@pytest.mark.parametrize("patient", [True, False])
async def test_what_is_nearly_done_is_finished_if_there_is_time(patient: bool) -> None:
    in_flight, said = InFlight(), list[str]()
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(attempted, in_flight, said, "near", in_flight.nearly_done)
            group.start_soon(attempted, in_flight, said, "far", lambda: None)
            await anyio.sleep(0.1)
            assert len(said) == 2
            assert in_flight.finishing == 0
            in_flight.drain()
            assert in_flight.finishing == 1
            if not patient:
                in_flight.finish_no_longer()
    assert sorted(said[2:]) == sorted(
        ["far is let go", "near is done" if patient else "near is let go"]
    )
    assert in_flight.finishing == 0


async def test_nothing_is_begun_once_it_is_to_stop() -> None:
    in_flight, said = InFlight(), list[str]()
    in_flight.drain()
    await attempted(in_flight, said, "late", in_flight.nearly_done)
    assert said in (["late is let go"], ["late began", "late is let go"])
