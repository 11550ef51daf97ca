"""Looking at a finished video with nothing but a decoder: what is seen, and what is heard."""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.int16]


def streams(film: Path) -> dict[str, str | int | float]:
    """Return what a player finds out before it plays."""
    with av.open(film) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert len(container.streams.video) == len(container.streams.audio) == 1
        assert container.streams.subtitles, "captions come as a track"
        assert container.duration is not None
        return {
            "video": video.codec_context.name,
            "audio": audio.codec_context.name,
            "width": video.width,
            "height": video.height,
            "pixels": str(video.codec_context.pix_fmt),
            "seconds": container.duration / av.time_base,
            "video seconds": float((video.duration or 0) * (video.time_base or 0)),
            "audio seconds": float((audio.duration or 0) * (audio.time_base or 0)),
        }


def pictures(film: Path, instants: Sequence[float]) -> list[Picture]:
    """Return the picture seen at each instant, in rising order: small, and luma only."""
    wanted = iter(instants)
    seen: list[Picture] = []
    with av.open(film) as container:
        container.streams.video[0].thread_type = "AUTO"
        instant = next(wanted)
        for frame in container.decode(video=0):
            if frame.time is None or frame.time < instant:
                continue
            small = frame.reformat(width=480, height=270, format="gray")
            seen.append(small.to_ndarray().astype(np.int16))
            try:
                instant = next(wanted)
            except StopIteration:
                break
    assert len(seen) == len(instants), "the video ends too early"
    return seen


def sound(film: Path) -> tuple[NDArray[np.float32], int]:
    """Return all samples, mixed to one channel between -1 and 1, and their rate."""
    with av.open(film) as container:
        rate = container.streams.audio[0].rate
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        chunks = [
            chunk.to_ndarray().ravel()
            for frame in container.decode(audio=0)
            for chunk in resampler.resample(frame)
        ]
    return np.concatenate(chunks), rate


def loudness(samples: NDArray[np.float32]) -> float:
    """Return the root mean square in dBFS: -20 is speech, below -60 nobody hears anything."""
    return float(20 * np.log10(np.sqrt(np.mean(np.square(samples.astype(np.float64)))) + 1e-10))


def boxes(film: Path) -> Iterator[str]:
    """Yield the names of an MP4's outermost boxes, in the order of the file."""
    with film.open("rb") as file:
        while header := file.read(8):
            size, name = struct.unpack(">I4s", header)
            skip = size - 8
            if size == 1:
                skip = struct.unpack(">Q", file.read(8))[0] - 16
            yield name.decode()
            file.seek(skip, 1)
