import re
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import TypeVar

import pytest

import cms_bridge
import daemon.errors
from cms_bridge import errors
from cms_bridge.errors import BridgeError, IllegalMove, Refusal, problem
from cms_bridge.states import Status
from render import errors as render_errors
from render.errors import LimitExceeded, RenderError

Kind = TypeVar("Kind", bound=Exception)


def children(kind: type[Kind]) -> list[type[Kind]]:
    return [kind, *(deep for child in kind.__subclasses__() for deep in children(child))]


def raised_by(package: ModuleType) -> list[type[Exception]]:
    """Return every kind of error that any module of a package defines."""
    names = [module.name for module in walk_packages(package.__path__, f"{package.__name__}.")]
    return [
        value
        for name in names
        for value in vars(import_module(name)).values()
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == name
    ]


@pytest.mark.parametrize("kind", raised_by(cms_bridge))
def test_every_error_of_the_bridge_stands_in_its_one_tree(kind: type[Exception]) -> None:
    assert issubclass(kind, BridgeError | RenderError)
    assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize("kind", raised_by(errors))
def test_every_error_of_the_tree_has_one_face(kind: type[Exception]) -> None:
    assert getattr(errors, kind.__name__) is kind
    assert kind.__name__ in errors.__all__


@pytest.mark.parametrize("kind", children(Refusal)[1:])
def test_every_refusal_stands_in_the_tree_with_its_status(kind: type[Refusal]) -> None:
    assert re.search(rf"─ {kind.__name__} +{int(kind.status)} ", errors.__doc__ or "")


def test_every_refusal_has_a_code_of_its_own() -> None:
    kinds = children(Refusal)[1:]
    assert len({kind.code for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("kind", raised_by(daemon))
def test_every_error_of_the_daemon_stands_in_its_one_tree(kind: type[Exception]) -> None:
    assert issubclass(kind, daemon.errors.DaemonError | RenderError)
    assert kind.__name__ in (daemon.errors.__doc__ or "")


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
