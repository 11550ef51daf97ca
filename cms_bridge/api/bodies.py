"""Requests as handlers read them: bodies of the form that the handler names, or refused."""

from typing import Any

from litestar import Request

from cms_bridge.decoding import decode


class BridgeRequest(Request[Any, Any, Any]):
    """A request whose body is read strictly: Litestar would take "1" for 1."""

    async def json(self) -> Any:
        """Return the body as the handler's `data`; raise `MalformedBody`."""
        form = self.route_handler.parsed_fn_signature.parameters["data"].annotation
        return decode(await self.body() or b"null", form)
