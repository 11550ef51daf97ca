"""Pictures as bytes: what kind they are, told from how they begin."""

_BEGINNINGS = (
    ("image/png", b"\x89PNG\r\n\x1a\n", 0),
    ("image/jpeg", b"\xff\xd8\xff", 0),
    ("image/webp", b"WEBP", 8),
)


def picture_type(data: bytes) -> str | None:
    """Return the media type of PNG, JPEG or WebP bytes, None for anything else."""
    for media_type, mark, start in _BEGINNINGS:
        if data[start : start + len(mark)] == mark:
            return media_type
    return None
