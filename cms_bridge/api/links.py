"""Links: permissions of their own, which whoever was handed one may follow until it expires."""

from datetime import timedelta
from http import HTTPStatus

from litestar.exceptions import ClientException, PermissionDeniedException

from cms_bridge.protections import MEDIA_POLICY, POLICY
from cms_bridge.storage.links import ExpiredLink, InvalidLink, LinkSigner

LINKED = {
    # Media elements need the first, `crossorigin` ones (captions) and scripts the others.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range, ETag",
    POLICY: MEDIA_POLICY,
}
"""What a link's answer tells browsers: any page may play it."""


def check_link(
    links: LinkSigner, key: str, *, expires: int, signature: str, name: str | None = None
) -> timedelta:
    """Return how long a link is still good; raise the 403 or the 410 that it is answered with."""
    try:
        return links.verify(key, expires=expires, name=name, signature=signature)
    except InvalidLink:
        raise PermissionDeniedException("This link was not signed here.") from None
    except ExpiredLink:
        # Gone for good: a caller knows to ask for a new one.
        raise ClientException(
            "This link has expired; ask for a new one.", status_code=HTTPStatus.GONE
        ) from None
