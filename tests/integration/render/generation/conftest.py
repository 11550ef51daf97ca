"""How long the tests of providers wait for them."""

from typing import Any

import pytest

from tests.support.simulators import gemini, replicate

HANGS = (gemini.Hang, replicate.Hang)


def _hangs(value: Any) -> bool:
    return isinstance(value, HANGS) or (isinstance(value, list) and any(map(_hangs, value)))


@pytest.fixture
def call_seconds(request: pytest.FixtureRequest) -> float:
    """What one call may take: little only where a test waits for it to be over.

    Anything else would fail on a busy machine, whose simulators take a second to answer.
    """
    case = getattr(request.node, "callspec", None)
    return 0.5 if case is not None and any(map(_hangs, case.params.values())) else 30
