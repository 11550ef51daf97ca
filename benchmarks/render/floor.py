"""The floor: the encoder alone, fed with the very frames that the engine composes.

`python -m benchmarks.render.floor dump VIDEO RAW` writes a lossless video's frames
as they lie in memory (I420, one after another), outside any measurement.
`… encode RAW OUT WIDTH HEIGHT FRAMES THREADS` is what is measured: no picture is
composed, nothing is heard, nothing is checked. The raw file is mapped, and comes
from the page cache; where more frames are asked for than it holds, it starts again.
"""

import sys
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from benchmarks.render.workload import FPS


def dump(video: Path, raw: Path) -> None:
    """Write every frame of a video, uncompressed."""
    with av.open(video) as container, raw.open("wb") as file:
        container.streams.video[0].thread_count = 2
        for frame in container.decode(video=0):
            file.write(frame.to_ndarray(format="yuv420p").tobytes())


def encode(raw: Path, out: Path, *, size: tuple[int, int], frames: int, threads: int) -> None:
    """Encode `frames` frames with the engine's own settings."""
    width, height = size
    held = np.memmap(raw, np.uint8, "r").reshape(-1, height * 3 // 2, width)
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", FPS)
        if not isinstance(stream, VideoStream):
            raise TypeError(stream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {
            "preset": "veryfast",
            "crf": "21",
            "bf": "3",
            "x264-params": "open-gop=0:b-pyramid=normal",
        }
        stream.codec_context.gop_size = 5 * FPS
        stream.codec_context.thread_count = threads
        for pts in range(frames):
            frame = av.VideoFrame.from_numpy_buffer(held[pts % len(held)], "yuv420p")
            frame.pts = pts
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    verb, first, second, *rest = sys.argv[1:]
    if verb == "dump":
        dump(Path(first), Path(second))
    else:
        width, height, frames, threads = map(int, rest)
        encode(Path(first), Path(second), size=(width, height), frames=frames, threads=threads)
