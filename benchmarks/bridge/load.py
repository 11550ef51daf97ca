"""Load: as many requests as a server answers, over a few connections that stay open."""

import asyncio
import math
import time
from collections.abc import Iterator, Sequence
from statistics import median
from typing import cast

import msgspec
import psutil

CONNECTIONS = 16


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What came of loading a server for a while."""

    rate: float
    """Answers a second."""
    cpu: float
    """Milliseconds of the server's CPU, an answer."""
    latencies: list[float]
    """Milliseconds, sorted."""
    memory: int
    """Resident bytes of the server afterwards."""

    def late(self, share: float) -> float:
        """Return the latency that this share of the answers kept within."""
        return self.latencies[max(0, math.ceil(share * len(self.latencies)) - 1)]


class Failed(Exception):
    """A server that did not answer as it should."""


class _Client(asyncio.Protocol):
    """One connection: asks, waits for the answer, and asks again."""

    def __init__(self, requests: Iterator[bytes], status: int, until: float) -> None:
        self.latencies: list[float] = []
        self.done = asyncio.get_running_loop().create_future()
        self._requests, self._status, self._until = requests, b"%d" % status, until
        self._began = 0.0
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def _ask(self) -> None:
        request = next(self._requests, None)
        if request is None or time.perf_counter() >= self._until:
            self._transport.close()
            self.done.set_result(None)
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if len(body) < length:
            return
        if head[9:12] != self._status:
            self.done.set_exception(Failed(self._answer[:600].decode(errors="replace")))
            self._transport.close()
            return
        self.latencies.append((time.perf_counter() - self._began) * 1000)
        self._answer = b""
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(Failed(f"The connection broke: {exc}"))


async def run(
    port: int, process: int, requests: Iterator[bytes], *, status: int, seconds: float
) -> Run:
    """Load a server until the time is over or the requests are."""
    server = psutil.Process(process)
    loop = asyncio.get_running_loop()
    used = _cpu(server)
    began = time.perf_counter()
    clients = [
        (
            await loop.create_connection(
                lambda: _Client(requests, status, began + seconds), "127.0.0.1", port
            )
        )[1]
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(client.done for client in clients))
    took = time.perf_counter() - began
    latencies = sorted(one for client in clients for one in client.latencies)
    return Run(
        rate=len(latencies) / took,
        cpu=(_cpu(server) - used) * 1000 / len(latencies),
        latencies=latencies,
        memory=server.memory_info().rss,
    )


def _cpu(server: psutil.Process) -> float:
    times = server.cpu_times()
    return times.user + times.system


def together(runs: Sequence[Run]) -> Run:
    """Return the runs of one server as one: medians of rate and cost, all latencies."""
    return Run(
        rate=median(one.rate for one in runs),
        cpu=median(one.cpu for one in runs),
        latencies=sorted(latency for one in runs for latency in one.latencies),
        memory=max(one.memory for one in runs),
    )
