"""Webhooks under way: integrators are told what is due, and a slow one waits for itself alone.

Nothing is kept here but what is being sent. What is due stands in the database,
which is looked into when somebody says so, when a call has ended that left others
waiting, and every few seconds.
"""

from collections import Counter
from uuid import UUID

import anyio
import structlog

from cms_bridge.webhooks import deliveries
from cms_bridge.webhooks.targets import Targets
from daemon.work.pools import TaskPool
from daemon.work.services import Services
from render import tracebacks

log = structlog.get_logger()


class WebhookDeliveries:
    """The calls to integrators that are just being made."""

    def __init__(self, services: Services, targets: Targets) -> None:
        """Take the limits, what messages are signed with, and the way to integrators."""
        self._services = services
        self._targets = targets
        settings = services.settings
        self.pool = TaskPool(size=settings.concurrent_webhooks)
        self._per_subscription = settings.concurrent_webhooks_per_subscription
        # Whatever fails hangs, as often as not: the other half is left to those that answer.
        self._most_failing = settings.concurrent_webhooks // 2
        self._under_way: Counter[UUID] = Counter()
        self._failing = 0
        self._taken_up: set[UUID] = set()
        self._left_waiting = False
        self._woken = anyio.Event()

    def wake(self) -> None:
        """Look into the database now, or once more."""
        self._woken.set()

    async def poll(self, *, every: float) -> None:
        """Send what is due for ever: when woken, and this often."""
        while True:
            self._woken = anyio.Event()
            try:
                while await self.start_due():
                    pass
            except Exception as error:  # noqa: BLE001 - a database that is away comes back
                log.warning("webhook.poll_failed", reason=tracebacks.summary(error))
            with anyio.move_on_after(every):
                await self._woken.wait()

    async def start_due(self) -> int:
        """Begin as many calls as there is room for; return their number."""
        room = self.pool.free_slots
        full = {
            subscription
            for subscription, calls in self._under_way.items()
            if calls >= self._per_subscription
        }
        self._left_waiting = not room or bool(full)
        if not room:
            return 0
        healthy = self._failing >= self._most_failing
        # Those that were just taken up are due until they are claimed.
        limit = room + len(self._taken_up)
        due = await deliveries.due(limit=limit, besides=full, healthy=healthy)
        self._left_waiting |= healthy or len(due) == limit
        begun = 0
        for one in due:
            if one.id in self._taken_up:
                continue
            too_many = self._under_way[one.subscription] >= self._per_subscription or (
                one.failing and self._failing >= self._most_failing
            )
            if too_many or begun == room:
                self._left_waiting = True
                continue
            self._taken_up.add(one.id)
            self._under_way[one.subscription] += 1
            self._failing += one.failing
            self.pool.start(self._deliver(one))
            begun += 1
        return begun

    async def _deliver(self, due: deliveries.DueDelivery) -> None:
        services = self._services
        try:
            await deliveries.deliver(
                due.id,
                self._targets,
                secrets=services.webhook_secrets,
                patience=services.webhook_patience,
            )
        except Exception as error:  # noqa: BLE001 - what was not delivered stays due
            log.warning(
                "webhook.delivery_failed",
                delivery_id=str(due.id),
                reason=tracebacks.summary(error),
            )
        finally:
            self._taken_up.discard(due.id)
            self._under_way -= Counter([due.subscription])
            self._failing -= due.failing
            if self._left_waiting:
                self.wake()
