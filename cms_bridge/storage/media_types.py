"""The media types of objects: an extension has exactly one."""

_BY_EXTENSION = {
    "avif": "image/avif",
    "flac": "audio/flac",
    "gif": "image/gif",
    "heic": "image/heic",
    "jpg": "image/jpeg",
    "json": "application/json",
    "m3u8": "application/vnd.apple.mpegurl",
    "m4a": "audio/mp4",
    "m4s": "video/iso.segment",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "ogg": "audio/ogg",
    "png": "image/png",
    "srt": "application/x-subrip",
    "ts": "video/mp2t",
    "txt": "text/plain",
    "vtt": "text/vtt",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webp": "image/webp",
}


def media_type_of(key: str) -> str:
    """Return the media type that a key's extension stands for."""
    return _BY_EXTENSION.get(key.rpartition(".")[2], "application/octet-stream")


def check_media_type(key: str, media_type: str) -> None:
    """Raise ValueError unless a media type is the one its key's extension stands for.

    Whatever serves an object may then derive the type from the key, and no
    upload can pose as something a browser would run.
    """
    if media_type != media_type_of(key):
        raise ValueError(f"{key} holds {media_type_of(key)}, not {media_type}")
