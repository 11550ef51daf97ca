"""Stills that no library writes as they are needed: deep PNG, and AVIF with tags."""

import struct
import zlib
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream


def chunk(kind: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def deep_png(samples: np.ndarray, *, tags: tuple[int, int] | None = None, **chunks: bytes) -> bytes:
    """A 16-bit PNG of H × W × 1, 3 or 4; `tags` are a cICP chunk's primaries and transfer."""
    height, width, channels = samples.shape
    colour_type = {1: 0, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    extra = b"".join(chunk(kind.encode(), body) for kind, body in chunks.items())
    if tags:
        extra += chunk(b"cICP", bytes([*tags, 0, 1]))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def write_avif(path: Path, rgb: np.ndarray, *, pix_fmt: str, tags: tuple[int, int]) -> None:
    frame = av.VideoFrame.from_ndarray(rgb, "rgb48le").reformat(
        format=pix_fmt, dst_colorspace=9, dst_color_range=2
    )
    with av.open(path, "w", format="avif") as out:
        stream = out.add_stream("libsvtav1", 1, options={"preset": "10", "crf": "5"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, pix_fmt
        context = stream.codec_context
        context.color_primaries, context.color_trc = tags
        context.colorspace, context.color_range = 9, 2
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
