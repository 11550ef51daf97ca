"""Media as bytes: what kind they are, told from how they begin."""

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


_SOUNDS = (
    ("audio/mpeg", b"ID3", 0),
    ("audio/wav", b"RIFF", 0),
    ("audio/flac", b"fLaC", 0),
    ("audio/ogg", b"OggS", 0),
    ("audio/mp4", b"ftyp", 4),
)
_SYNC, _LAYER = 0xFFE0, 0x0006


def sound_type(data: bytes) -> str | None:
    """Return the media type of MP3, WAV, FLAC, Ogg or MP4 bytes, None for anything else."""
    for media_type, mark, start in _SOUNDS:
        if data[start : start + len(mark)] == mark:
            return media_type
    head = int.from_bytes(data[:2])
    # AAC's frames begin alike, but for the layer, of which they have none.
    if head & _SYNC == _SYNC and head & _LAYER:
        return "audio/mpeg"
    return None
