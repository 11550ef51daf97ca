"""Requests as handlers read them: JSON that is nested too deeply is the sender's mistake."""

from typing import Any

from litestar import Request
from litestar.exceptions import ClientException


class BridgeRequest(Request[Any, Any, Any]):
    """A request whose body cannot exhaust the decoder's stack unnoticed."""

    async def json(self) -> Any:
        """Return the decoded body; 400 where it is nested too deeply to be decoded."""
        try:
            return await super().json()
        except RecursionError:
            raise ClientException("The body is nested too deeply.") from None
