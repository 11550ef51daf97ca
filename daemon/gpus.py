"""Graphics cards, as NVML (nvidia-ml-py) tells of them, and which of them an engine gets.

Without a driver there is none. Each figure is asked for by itself: cards and drivers differ in
what they tell, and one that is missing takes nothing else along.
"""

import os
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from cms_bridge.jobs.workers import Gpu
from daemon.errors import DaemonError

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""What CUDA, and NVENC with it, reads of which cards a process may use."""

_Told = TypeVar("_Told")


class NoGpu(DaemonError):
    """There is no card here, or nothing that could tell of it."""


def look(own: Collection[int] = (), *, nvml: Any = None) -> tuple[Gpu, ...]:
    """Return the machine's cards; `own` are the processes whose memory is told of by itself.

    Raises `NoGpu` with the reason. `nvml` is the library, where it is another than pynvml.
    """
    if nvml is None:
        try:
            import pynvml as nvml  # noqa: PLC0415 - without a card nobody needs it
        except ImportError as error:
            raise NoGpu("nvidia-ml-py is not installed") from error
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        raise NoGpu(str(error)) from error
    try:
        return tuple(
            _card(nvml, nvml.nvmlDeviceGetHandleByIndex(index), own)
            for index in range(nvml.nvmlDeviceGetCount())
        )
    except nvml.NVMLError as error:
        raise NoGpu(str(error)) from error
    finally:
        with suppress(nvml.NVMLError):
            nvml.nvmlShutdown()


def roomiest(cards: Sequence[Gpu]) -> Gpu | None:
    """Return the card with the most memory left, the first of equals; None without any."""
    return max(
        cards,
        key=lambda one: (one.memory_total_bytes or 0) - (one.memory_used_bytes or 0),
        default=None,
    )


def environment() -> dict[str, str] | None:
    """Return what an engine is to be started with: this process's own, and a card where it matters.

    With several cards each engine sees the one with the most memory left, unless the operator has
    said already which may be used. None where nothing is to be said.
    """
    if VISIBLE in os.environ:
        return None
    try:
        cards = look()
    except NoGpu:
        return None
    card = roomiest(cards) if len(cards) > 1 else None
    return {**os.environ, VISIBLE: card.id} if card else None


def _card(nvml: Any, handle: Any, own: Collection[int]) -> Gpu:
    def told(ask: Callable[[], _Told]) -> _Told | None:
        try:
            return ask()
        except nvml.NVMLError:
            return None

    memory = told(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    rates = told(lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
    # One that computes and draws is in both lists, with the same memory.
    running = {
        one.pid: one.usedGpuMemory or 0
        for ask in (
            nvml.nvmlDeviceGetComputeRunningProcesses,
            nvml.nvmlDeviceGetGraphicsRunningProcesses,
        )
        for one in told(lambda ask=ask: ask(handle)) or ()
    }
    return Gpu(
        name=str(nvml.nvmlDeviceGetName(handle)),
        id=str(nvml.nvmlDeviceGetUUID(handle)),
        utilisation=None if rates is None else rates.gpu / 100,
        memory_used_bytes=None if memory is None else memory.used,
        memory_total_bytes=None if memory is None else memory.total,
        own_memory_bytes=sum(size for pid, size in running.items() if pid in own),
    )
