"""Refusals about outbound webhooks."""

from http import HTTPStatus

from cms_bridge.errors.base import Refusal


class WebhookNotFound(Refusal):
    """No subscription by this name in the project."""

    status = HTTPStatus.NOT_FOUND
    code = "webhook_not_found"


class DeliveryNotFound(Refusal):
    """No delivery by this name to the subscription; they are kept for a while."""

    status = HTTPStatus.NOT_FOUND
    code = "webhook_delivery_not_found"


class WebhookTargetRefused(Refusal):
    """An address that may not be called: not HTTPS, or not on the public internet."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "webhook_target_refused"


class WebhookUrlTaken(Refusal):
    """An address that the project has subscribed already: it would be told everything twice."""

    status = HTTPStatus.CONFLICT
    code = "webhook_url_taken"


class WebhookLimitReached(Refusal):
    """More subscriptions than a project may have."""

    status = HTTPStatus.CONFLICT
    code = "webhook_limit_reached"


class WebhookDisabled(Refusal):
    """A replay to a subscription that is disabled: enable it first."""

    status = HTTPStatus.CONFLICT
    code = "webhook_disabled"


class WebhookTestUnderWay(Refusal):
    """A test call while another one to the same address is made, or too many are."""

    status = HTTPStatus.CONFLICT
    code = "webhook_test_under_way"
    retry_after = 5
