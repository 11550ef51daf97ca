"""Deliveries under way: Payload is told what is new about jobs, several at a time."""

from uuid import UUID

import anyio
import structlog

from cms_bridge.outbox import messages as outbox
from cms_bridge.outbox.payload import PayloadClient
from daemon.work.services import Services
from daemon.work.workload import Hands
from render import tracebacks

log = structlog.get_logger()

AT_ONCE = 10


class Deliveries:
    """The jobs that Payload is just being told of."""

    def __init__(self, services: Services) -> None:
        """Take whom to tell, if anybody."""
        self.hands = Hands(most=AT_ONCE)
        self._payload = services.payload
        self._services = services
        self._turns = anyio.CapacityLimiter(AT_ONCE)
        self._waiting: set[UUID] = set()

    def tell(self, job: UUID) -> None:
        """Tell what is due about a job, as soon as it is its turn."""
        if self._payload is None or job in self._waiting:
            return
        self._waiting.add(job)
        self.hands.take(self._tell(job, self._payload))

    async def sweep(self) -> None:
        """Tell of everything that is due."""
        if self._payload is not None:
            for job in {job for _, job in await outbox.due()}:
                self.tell(job)

    async def _tell(self, job: UUID, payload: PayloadClient) -> None:
        try:
            async with self._turns:
                # News from now on is asked for anew: this delivery may have looked already.
                self._waiting.discard(job)
                await self._deliver(job, payload)
        except Exception as error:  # noqa: BLE001 - what was not told stays due
            log.warning("delivery.failed", job_id=str(job), reason=tracebacks.summary(error))
        finally:
            self._waiting.discard(job)

    async def _deliver(self, job: UUID, payload: PayloadClient) -> None:
        # News that came during a delivery found it under way and went home: so look again.
        while messages := await outbox.due_for(job):
            told = [
                await outbox.deliver(message, payload, backoff=self._services.backoff)
                for message in messages
            ]
            if not any(told):
                return
