"""What each error of the transport says about money: sent or not, charged or unknown."""

import httpx
import pytest

from render.errors import (
    GenerationError,
    OutcomeUnknown,
    RefusedGeneration,
    RetryableGeneration,
)
from render.generation.transport import UnreadableAnswer, translating_errors

pytestmark = pytest.mark.anyio

KINDS = {
    name: kind
    for name, kind in vars(httpx).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
}
UNSENT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"}
UNSENDABLE = {"UnsupportedProtocol", "LocalProtocolError", "InvalidURL"}
NOT_RAISED = {"CookieConflict"}  # only where cookies are looked up by name


def meaning(error: Exception) -> type[GenerationError]:
    with pytest.raises(GenerationError) as raised, translating_errors("A provider", seconds=1):
        raise error
    return raised.type


@pytest.mark.parametrize("name", sorted(KINDS.keys() - NOT_RAISED))
async def test_every_error_has_its_meaning(name: str) -> None:
    error = KINDS[name].__new__(KINDS[name])
    if name in UNSENT:
        expected: type[GenerationError] = RetryableGeneration
    elif name in UNSENDABLE:
        expected = RefusedGeneration
    else:
        expected = OutcomeUnknown
    assert meaning(error) is expected


async def test_an_answer_past_its_bounds_is_an_unknown_outcome() -> None:
    assert meaning(UnreadableAnswer("too large")) is OutcomeUnknown
    assert meaning(TimeoutError()) is OutcomeUnknown
