"""Graphics cards: what is told of them, and which an engine gets."""

import os
from types import SimpleNamespace
from typing import Any

import pytest

from cms_bridge.jobs.workers import Gpu
from daemon import gpus


class DriverError(Exception):
    """What the library raises."""


class Driver:
    """NVML, as it answers on a machine with two cards, of which the second tells little."""

    NVMLError = DriverError

    def __init__(self, *, there: bool = True) -> None:
        self.there = there
        self.open = 0

    def nvmlInit(self) -> None:  # noqa: N802 - the library's own names
        if not self.there:
            raise DriverError("NVML Shared Library Not Found")
        self.open += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.open -= 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetName(self, handle: int) -> str:  # noqa: N802
        return f"Card {handle}"

    def nvmlDeviceGetUUID(self, handle: int) -> str:  # noqa: N802
        return f"GPU-{handle}"

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:  # noqa: N802
        return SimpleNamespace(used=6_000 - 1_000 * handle, total=8_000)

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:  # noqa: N802
        if handle:
            raise DriverError("Not Supported")
        return SimpleNamespace(gpu=37)

    def nvmlDeviceGetComputeRunningProcesses(self, handle: int) -> list[Any]:  # noqa: N802
        if handle:
            raise DriverError("Insufficient Permissions")
        return [
            SimpleNamespace(pid=7, usedGpuMemory=500),
            SimpleNamespace(pid=8, usedGpuMemory=None),
            SimpleNamespace(pid=9, usedGpuMemory=900),
        ]

    def nvmlDeviceGetGraphicsRunningProcesses(self, handle: int) -> list[Any]:  # noqa: N802
        return [] if handle else [SimpleNamespace(pid=7, usedGpuMemory=500)]


def test_each_card_tells_what_it_can_and_ours_is_counted_once() -> None:
    driver = Driver()
    first, second = gpus.look({7, 8}, nvml=driver)
    assert first == Gpu(
        name="Card 0",
        id="GPU-0",
        utilisation=0.37,
        memory_used_bytes=6_000,
        memory_total_bytes=8_000,
        own_memory_bytes=500,
    )
    assert (second.utilisation, second.memory_used_bytes, second.own_memory_bytes) == (
        None,
        5_000,
        0,
    )
    assert driver.open == 0


def test_without_a_driver_the_reason_is_told() -> None:
    with pytest.raises(gpus.NoGpu, match="NVML Shared Library Not Found"):
        gpus.look(nvml=Driver(there=False))


def test_an_engine_gets_the_card_with_the_most_memory_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cards = gpus.look(nvml=Driver())
    assert gpus.roomiest(()) is None
    assert gpus.roomiest(cards) is cards[1]
    monkeypatch.delenv(gpus.VISIBLE, raising=False)
    monkeypatch.setattr(gpus, "look", lambda: cards)
    assert gpus.environment() == {**os.environ, gpus.VISIBLE: "GPU-1"}
    # One card needs no choice, and whoever runs the machine goes first.
    monkeypatch.setattr(gpus, "look", lambda: cards[:1])
    assert gpus.environment() is None
    monkeypatch.setattr(gpus, "look", lambda: cards)
    monkeypatch.setenv(gpus.VISIBLE, "0")
    assert gpus.environment() is None


@pytest.mark.gpu
def test_the_cards_of_this_machine_tell_of_themselves() -> None:
    cards = gpus.look({os.getpid()})
    assert cards
    for card in cards:
        assert card.id.startswith("GPU-")
        assert card.memory_total_bytes is not None
        assert 0 < (card.memory_used_bytes or 0) < card.memory_total_bytes
