"""Conditional requests: whether who asks has what would be answered (RFC 9110, 13.1)."""


def matches(if_none_match: str | None, etag: str) -> bool:
    """Tell whether an `If-None-Match` names an entity tag; the comparison is the weak one."""
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or tags == ["*"]
