"""What stops a paid call, by which chains of models decide, and refusals about charges."""

from decimal import Decimal
from http import HTTPStatus

from cms_bridge.errors.base import Refusal
from render.errors import RefusedGeneration, RenderError, RunningGeneration


class ChargeNotFound(Refusal):
    """No charge by this name on the job."""

    status = HTTPStatus.NOT_FOUND
    code = "charge_not_found"


class ChargeNotUnknown(Refusal):
    """A charge that needs nobody's word: its outcome is known, or may still arrive by itself."""

    status = HTTPStatus.CONFLICT
    code = "charge_not_unknown"


class SpendCapReached(RenderError):
    """A paid call that would pass a cap: it is not made, and the job keeps what it has."""

    code = "spend_cap_reached"

    def __init__(self, *, scope: str, cap: Decimal, spent: Decimal, wanted: Decimal) -> None:
        """Take the scope (`video`, `project` or `month`) and three amounts in US dollars."""
        super().__init__(
            f"The spend cap of this {scope} is reached: ${cap:f} may be spent, ${spent:f} is spent"
            f" or set aside, and the next step may cost ${wanted:f}.",
            scope=scope,
            cap=f"{cap:f}",
            spent=f"{spent:f}",
            wanted=f"{wanted:f}",
        )


class ApprovedCostReached(RenderError):
    """A paid call that would pass what was approved: not made, and the job keeps what it has."""

    code = "approved_cost_reached"

    def __init__(self, *, approved: Decimal, spent: Decimal, needed: Decimal) -> None:
        """Take US dollars: approved, spent, and what is left to be made may cost at most."""
        more = spent + needed - approved
        super().__init__(
            f"This needs ${more:f} more than was approved: ${approved:f} may be spent, ${spent:f}"
            f" is spent, and what is left to be made may cost ${needed:f}.",
            approved=f"{approved:f}",
            spent=f"{spent:f}",
            needed=f"{needed:f}",
            more=f"{more:f}",
        )


class AnswersUseless(RefusedGeneration):
    """A model that has been paid often enough for answers to this that nothing can be made of."""

    code = "generation_unusable"


class SpendUnderWay(RunningGeneration):
    """A cap leaves no room now, but will if the calls in flight cost what they usually do."""

    code = "spend_under_way"

    def __init__(self) -> None:
        super().__init__(
            "What other calls may cost is set aside until they end; they are waited for."
        )


class CallUnderWay(RunningGeneration):
    """Another job, or scene, of the project makes the very same call, or has just made it."""

    def __init__(self) -> None:
        super().__init__("The same is being made for another scene or video; it is waited for.")
