"""Stills that no library writes as they are needed: deep PNG, AVIF with tags or a gain map."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image


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


def box(kind: bytes, *content: bytes) -> bytes:
    """A box of ISO/IEC 14496-12."""
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, version: int, *content: bytes, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def _boxes(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(raw):
        size, kind = struct.unpack_from(">I4s", raw, at)
        yield kind, raw[at + 8 : at + size]
        at += size


def _coded(size: tuple[int, int], colour: str) -> tuple[bytes, list[bytes]]:
    """A flat picture as AV1, and the properties of its item."""
    kept = io.BytesIO()
    Image.new("RGB", size, colour).save(kept, "AVIF", speed=10)
    top = dict(_boxes(kept.getvalue()))
    properties = dict(_boxes(dict(_boxes(top[b"meta"][4:]))[b"iprp"]))
    return top[b"mdat"], [box(*each) for each in _boxes(properties[b"ipco"])]


def gain_mapped_avif(*, gamma: tuple[int, int] = (1, 1), primary: bool = True) -> bytes:
    """A grey-blue AVIF with a gain map (ISO 21496-1) of a gamma, a numerator and a denominator."""
    base, base_properties = _coded((160, 96), "#406080")
    gain, gain_properties = _coded((80, 48), "#808080")
    mapping = struct.pack(">BHHB4I", 0, 0, 0, 0x40, 0, 1, 1, 1) + struct.pack(
        ">iIiIIIiIiI", 0, 1, 1, 1, *gamma, 0, 1, 0, 1
    )
    parts = base, mapping, gain
    count = len(base_properties)

    def names(number: int, kind: bytes) -> bytes:
        # The gain map is nothing to be shown by itself.
        return full_box(b"infe", 2, struct.pack(">HH4sx", number, 0, kind), flags=number == 3)

    def owns(number: int, *properties: int) -> bytes:
        return struct.pack(">HB", number, len(properties)) + bytes(properties)

    def head(start: int) -> bytes:
        located, at = b"", start
        for number, part in enumerate(parts, 1):
            located += struct.pack(">HHHII", number, 0, 1, at, len(part))
            at += len(part)
        properties = box(
            b"iprp",
            box(b"ipco", *base_properties, *gain_properties),
            full_box(
                b"ipma",
                0,
                struct.pack(">I", 3),
                owns(1, 1, 2, 0x83, 4),
                owns(2, 1, 2, 4),
                owns(3, count + 1, count + 2, 0x80 | count + 3, count + 4),
            ),
        )
        return box(b"ftyp", b"avif", bytes(4), b"avifmif1miaftmap") + full_box(
            b"meta",
            0,
            full_box(b"hdlr", 0, bytes(4), b"pict", bytes(13)),
            full_box(b"pitm", 0, struct.pack(">H", 1)) if primary else b"",
            full_box(b"iloc", 0, b"\x44\0", struct.pack(">H", 3), located),
            full_box(
                b"iinf",
                0,
                struct.pack(">H", 3),
                names(1, b"av01"),
                names(2, b"tmap"),
                names(3, b"av01"),
            ),
            full_box(b"iref", 0, box(b"dimg", struct.pack(">4H", 2, 2, 1, 3))),
            properties,
            box(b"grpl", full_box(b"altr", 0, struct.pack(">4I", 10, 2, 2, 1))),
        )

    return head(len(head(0)) + 8) + box(b"mdat", *parts)
