"""Protections: what every answer tells browsers that they must not do with it.

Answers are data for programs. Whatever a browser makes of one, it is not to guess
another type, run it, frame it, hand its address on, keep it, or give it to another
origin's page. An answer that needs more says so itself: its own header stands.
"""

from typing import Any

from litestar.types import Message, Scope

POLICY = "Content-Security-Policy"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    POLICY: "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer that has no own."""

_ENCODED = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_POLICY = POLICY.lower().encode()

MEDIA_POLICY = (
    "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline';"
    " frame-ancestors 'none'; sandbox"
)
"""For stored files: a browser shows a film or a picture by itself, and runs nothing."""

_OWN = "own_policy"


def own_policy(policy: str) -> dict[str, str]:
    """Return the `opt` of a route whose answers need a policy of their own."""
    return {_OWN: policy}


async def protect(message: Message, scope: Scope) -> None:
    """Write the headers that are missing into an answer."""
    if message["type"] != "http.response.start":
        return
    # Where no route is, there is no handler either.
    handler: Any = scope.get("route_handler")
    own = handler.opt.get(_OWN) if handler else None
    said = message["headers"]
    there = {name.lower() for name, _ in said}
    message["headers"] = [
        *said,
        *(
            (name, own.encode() if own and name == _POLICY else value)
            for name, value in _ENCODED
            if name not in there
        ),
    ]
