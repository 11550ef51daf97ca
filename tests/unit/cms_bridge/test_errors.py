import pytest

from cms_bridge import errors
from cms_bridge.errors import BridgeError, problem
from cms_bridge.states import IllegalMove, Status
from render import errors as render_errors
from render.errors import LimitExceeded, RenderError


def children(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(deep for child in kind.__subclasses__() for deep in children(child))]


@pytest.mark.parametrize(
    "kind", [kind for kind in children(BridgeError) if kind.__module__ == errors.__name__]
)
def test_every_refusal_stands_in_the_tree(kind: type[BridgeError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")
    assert kind is BridgeError or f" {int(kind.status)} " in (errors.__doc__ or "")


def test_every_refusal_has_a_code_of_its_own() -> None:
    kinds = [kind for kind in children(BridgeError) if kind.__module__ == errors.__name__]
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_every_engine_error_stands_in_its_tree_with_a_code_of_its_own() -> None:
    kinds = [k for k in children(RenderError) if k.__module__ == render_errors.__name__]
    assert all(kind.__name__ in (render_errors.__doc__ or "") for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_a_limit_is_reported_with_its_values() -> None:
    error = LimitExceeded("the script", limit=10, value=11, unit="characters")
    status, code, params = problem(error)
    assert (status, code) == (422, "limit_exceeded")
    assert params == {"what": "the script", "limit": 10, "value": 11, "unit": "characters"}


def test_an_illegal_move_is_a_conflict() -> None:
    status, code, _ = problem(IllegalMove(Status.COMPLETED, Status.APPROVED))
    assert (status, code) == (409, "illegal_move")
