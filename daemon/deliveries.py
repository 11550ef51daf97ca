"""Deliveries under way: Payload is told what is new about jobs, several at a time."""

from uuid import UUID

import anyio
import structlog

from cms_bridge.outbox import messages as outbox
from cms_bridge.outbox.payload import PayloadClient
from daemon.work.pools import TaskPool
from daemon.work.services import Services
from render import tracebacks

log = structlog.get_logger()

MAX_CONCURRENT = 10


class Deliveries:
    """The jobs whose news is just being delivered to Payload."""

    def __init__(self, services: Services) -> None:
        """Take whom to deliver to, if anybody."""
        self.pool = TaskPool(size=MAX_CONCURRENT)
        self._payload = services.payload
        self._services = services
        self._turns = anyio.CapacityLimiter(MAX_CONCURRENT)
        self._waiting: set[UUID] = set()

    def start(self, job: UUID) -> None:
        """Deliver what is due about a job, as soon as it is its turn."""
        if self._payload is None or job in self._waiting:
            return
        self._waiting.add(job)
        self.pool.start(self._deliver_due(job, self._payload))

    async def sweep(self) -> None:
        """Deliver everything that is due."""
        if self._payload is not None:
            for job in {job for _, job in await outbox.due()}:
                self.start(job)

    async def _deliver_due(self, job: UUID, payload: PayloadClient) -> None:
        try:
            async with self._turns:
                # News from now on is asked for anew: this delivery may have looked already.
                self._waiting.discard(job)
                await self._deliver_all(job, payload)
        except Exception as error:  # noqa: BLE001 - what was not delivered stays due
            log.warning("delivery.failed", job_id=str(job), reason=tracebacks.summary(error))
        finally:
            self._waiting.discard(job)

    async def _deliver_all(self, job: UUID, payload: PayloadClient) -> None:
        # News that came during a delivery found it under way and went home: so look again.
        while messages := await outbox.due_for(job):
            delivered = [
                await outbox.deliver(
                    message,
                    payload,
                    backoff=self._services.backoff,
                    seconds=self._services.settings.payload_timeout_seconds,
                    lengths=self._services.lengths,
                )
                for message in messages
            ]
            if not any(delivered):
                return
