"""Test calls: made at once, while somebody waits for the answer; one to an address at a time."""

from uuid import UUID

from cms_bridge.errors import WebhookTestUnderWay
from cms_bridge.webhooks import deliveries, publication
from cms_bridge.webhooks.signing import Secrets
from cms_bridge.webhooks.subscriptions import Subscription
from cms_bridge.webhooks.targets import Answer, Targets

MOST_AT_ONCE = 20
"""Test calls that one process makes at a time, to whomever."""


class Trials:
    """The test calls that this process is making."""

    def __init__(self, targets: Targets, secrets: Secrets) -> None:
        """Take the way to integrators, and what messages are signed with."""
        self._targets = targets
        self._secrets = secrets
        self._under_way: set[UUID] = set()

    async def make(self, subscription: Subscription) -> tuple[UUID, Answer]:
        """Call an address; return the delivery and what came of it. `WebhookTestUnderWay`."""
        if subscription.id in self._under_way or len(self._under_way) >= MOST_AT_ONCE:
            raise WebhookTestUnderWay("Another test call is under way; try again in a moment.")
        self._under_way.add(subscription.id)
        try:
            delivery = await publication.publish_trial(subscription)
            answer = await deliveries.deliver_trial(delivery, self._targets, secrets=self._secrets)
        finally:
            self._under_way.discard(subscription.id)
        return delivery, answer
