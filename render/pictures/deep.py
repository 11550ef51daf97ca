"""Deep pictures: stills of more than eight bits a sample, or of more light than SDR.

Pillow keeps eight bits of every colour picture; these are read by other ways
instead, into `float32`. By FFmpeg's decoders: PNG of 16 bits or with a cICP
chunk, AVIF of 10 or 12 bits or with HDR or wide-gamut tags. By libheif: HEIF of
the same.
"""

import struct
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
import pillow_heif
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc, Interpolation
from PIL import Image

from render.pictures import exif, hdr, matrices
from render.pictures.colour import Floats
from render.pictures.items import Box

_DEMUXERS = {"PNG": "png_pipe", "AVIF": "mov"}
_SCALING = (
    Interpolation.LANCZOS
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.ACCURATE_RND
    | Interpolation.BITEXACT
)
_MOST = 65_535
_EIGHT = 8
_PADDED = 4
"""Times what a header says that may be coded: a grid's tiles may jut out of it on two sides."""
_SMALL = 1024 * 1024
"""Pixels that do no harm, whatever the header says."""
_UPRIGHT: dict[int, Callable[[Floats], Floats]] = {
    2: np.fliplr,
    3: lambda picture: np.rot90(picture, 2),
    4: np.flipud,
    5: lambda picture: picture.swapaxes(0, 1),
    6: lambda picture: np.rot90(picture, -1),
    7: lambda picture: np.rot90(picture, 2).swapaxes(0, 1),
    8: np.rot90,
}
"""What sets right each of EXIF's orientations."""


class DeepPicture(NamedTuple):
    """An upright picture, on white where it is transparent."""

    rgb: Floats
    """H × W × 3 of R'G'B', 0–255."""
    managed: bool
    """Whether these are BT.709's colours; an ICC profile in the file has no say then."""


class _Tags(NamedTuple):
    transfer: int
    primaries: int


_UNTAGGED = _Tags(ColorTrc.UNSPECIFIED, ColorPrimaries.UNSPECIFIED)


def read(
    path: Path, image: Image.Image, *, enough: tuple[int, int], aperture: Box | None = None
) -> DeepPicture | None:
    """Read a picture whose header is open as `image`; None where eight bits hold all of it.

    A large one is scaled down on its way, but to no less than covers `enough`
    (width and height). `aperture` is the part of it that is shown. Raises what
    FFmpeg and libheif raise.
    """
    if image.format == "HEIF":
        return _by_libheif(path, image, enough)
    if image.format in _DEMUXERS:
        return _by_ffmpeg(path, image, enough, aperture)
    return None


def _by_ffmpeg(
    path: Path, image: Image.Image, enough: tuple[int, int], aperture: Box | None
) -> DeepPicture | None:
    tags = _UNTAGGED
    if image.format == "PNG":
        depth, tags = _png_header(path)
        if depth <= _EIGHT and not hdr.is_beyond_bt709(**tags._asdict()):
            return None
    elif image.mode != "RGB":
        # The alpha of an AVIF is a stream of its own: Pillow joins the two.
        return None
    frame = _decode(path, _DEMUXERS[image.format or ""], image.size)
    if (frame.width, frame.height) != image.size:
        # One tile of a grid.
        return None
    if image.format == "AVIF":
        tags = _Tags(frame.color_trc, frame.color_primaries)
        depth = max(component.bits for component in frame.format.components)
        if depth <= _EIGHT and not hdr.is_beyond_bt709(**tags._asdict()):
            return None
    orientation = exif.orientation(image)
    if exif.is_sideways(orientation):
        enough = enough[1], enough[0]
    samples = _samples(frame, enough, aperture)
    return _to_srgb(_UPRIGHT.get(orientation, lambda picture: picture)(samples), tags)


def _png_header(path: Path) -> tuple[int, _Tags]:
    # PNG, third edition: chunks of length, type, data and checksum; IHDR comes
    # first, cICP before the first IDAT.
    with path.open("rb") as file:
        depth = file.read(25)[24]
        file.seek(33)
        while len(header := file.read(8)) == 8:  # noqa: PLR2004
            length, kind = struct.unpack(">I4s", header)
            if kind == b"IDAT":
                break
            if kind == b"cICP":
                primaries, transfer = file.read(2)
                return depth, _Tags(transfer, primaries)
            file.seek(length + 4, 1)
    return depth, _UNTAGGED


def _decode(path: Path, demuxer: str, stated_size: tuple[int, int]) -> VideoFrame:
    # What is coded may be larger than the header says, whose size alone has been looked at.
    limit = {"max_pixels": str(_PADDED * max(stated_size[0] * stated_size[1], _SMALL))}
    options = {"protocol_whitelist": "file", **limit}
    with av.open(
        f"file:{path}", format=demuxer, options=options, metadata_errors="replace"
    ) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        stream.codec_context.options = limit
        return next(container.decode(stream))


def _by_libheif(path: Path, image: Image.Image, enough: tuple[int, int]) -> DeepPicture | None:
    stated_size: dict[str, int] = image.info.get("nclx_profile") or {}
    tags = _Tags(
        stated_size.get("transfer_characteristics", _UNTAGGED.transfer),
        stated_size.get("color_primaries", _UNTAGGED.primaries),
    )
    if image.mode not in {"RGB", "RGBA"} or (
        image.info.get("bit_depth", _EIGHT) <= _EIGHT and not hdr.is_beyond_bt709(**tags._asdict())
    ):
        return None
    # libheif cuts it to its aperture and sets it upright.
    samples = np.asarray(pillow_heif.open_heif(path, convert_hdr_to_8bit=False))
    most = np.float32(np.iinfo(samples.dtype).max)
    height, width = samples.shape[:2]
    scale = min(1.0, max(enough[0] / width, enough[1] / height))
    if scale < 1:
        size = ceil(width * scale), ceil(height * scale)
        samples = cv2.resize(samples, size, interpolation=cv2.INTER_AREA)
    return _to_srgb(samples.astype(np.float32) / most, tags)


def _samples(frame: VideoFrame, enough: tuple[int, int], aperture: Box | None) -> Floats:
    """Return H × W × 3 or 4, 0–1."""
    left, top, right, bottom = aperture or (0, 0, frame.width, frame.height)
    scale = min(1.0, max(enough[0] / (right - left), enough[1] / (bottom - top)))
    size = ceil(frame.width * scale), ceil(frame.height * scale)
    matrix = matrices.matrix_of(frame.colorspace, lines=0, rgb=frame.format.is_rgb)
    whole = (
        _by_swscale(frame, size, matrix)
        if matrices.is_swscales(matrix)
        else _by_matrix(frame, size, matrix)
    )
    across, down = size[0] / frame.width, size[1] / frame.height
    return whole[
        round(top * down) : max(round(bottom * down), round(top * down) + 1),
        round(left * across) : max(round(right * across), round(left * across) + 1),
    ]


def _by_swscale(frame: VideoFrame, size: tuple[int, int], matrix: int) -> Floats:
    frame.colorspace = matrix
    transparent = any(component.is_alpha for component in frame.format.components)
    scaled = frame.reformat(
        width=size[0],
        height=size[1],
        format="rgba64le" if transparent else "rgb48le",
        interpolation=_SCALING,
        src_color_range=frame.color_range,
        dst_color_range=ColorRange.JPEG,
        threads=1,
    )
    return scaled.to_ndarray().astype(np.float32) / np.float32(_MOST)


def _by_matrix(frame: VideoFrame, size: tuple[int, int], matrix: int) -> Floats:
    matrices.check(matrix)
    # What is scaled between two formats of one matrix is not converted.
    frame.colorspace = matrices.BT709
    scaled = frame.reformat(
        width=size[0],
        height=size[1],
        format="yuv444p16le",
        interpolation=_SCALING,
        src_color_range=frame.color_range,
        dst_color_range=frame.color_range,
        src_colorspace=matrices.BT709,
        dst_colorspace=matrices.BT709,
        threads=1,
    )
    return matrices.convert(
        scaled.to_ndarray(),
        matrix,
        primaries=frame.color_primaries,
        bits=max(component.bits for component in frame.format.components),
        full_range=frame.color_range == ColorRange.JPEG,
    )


def _to_srgb(samples: Floats, tags: _Tags) -> DeepPicture:
    managed = hdr.is_beyond_bt709(**tags._asdict())
    rgb = samples[..., :3]
    if managed:
        rgb = hdr.to_bt709(rgb, **tags._asdict())
    if samples.shape[2] > 3:  # noqa: PLR2004
        rgb = 1 + (rgb - 1) * samples[..., 3:]
    return DeepPicture(np.ascontiguousarray(rgb * np.float32(255)), managed)
