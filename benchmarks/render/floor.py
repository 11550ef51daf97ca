"""The floor: the encoder alone, fed with the very frames that the engine composes.

`python -m benchmarks.render.floor paint WORKLOAD RAW` writes the frames as they lie
in memory (I420, one after another), outside any measurement. `… encode RAW OUT
FRAMES` is what is measured: no picture is composed, nothing is heard, nothing is
checked. The raw file is mapped and comes from the page cache; where more frames
are asked for than it holds, it begins again.

One encoder with three threads: CPU time is the same with one, two or three, and
so the shortest wait for it is the hardest to come near.
"""

import sys
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from benchmarks.render.workload import FPS, Workload
from render.encoder import X264, set_up
from render.painter import Painter
from render.placing import build
from render.rendition import Profile, profile_for
from render.segments import cut
from render.storyboard import AspectRatio
from render.timeline import SceneMedia

_THREADS = 3


def paint(workload: Workload, raw: Path) -> None:
    """Write every frame of a workload, without words, uncompressed."""
    storyboard = workload.read()
    media = {
        scene.id: SceneMedia(picture=workload.assets / f"{scene.id}.jpg")
        for scene in storyboard.scenes
    }
    timeline = build(storyboard, media, fps=FPS)
    segments = cut(timeline)
    painter = Painter(timeline, _profile(), segments)
    with raw.open("wb") as file:
        for segment in segments:
            for canvas in painter.paint(segment):
                canvas.pixels.tofile(file)


def encode(raw: Path, out: Path, *, frames: int) -> None:
    """Encode `frames` frames with the engine's own settings."""
    profile = _profile()
    held = np.memmap(raw, np.uint8, "r").reshape(-1, profile.height * 3 // 2, profile.width)
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream(X264.name, profile.fps)
        if not isinstance(stream, VideoStream):
            raise TypeError(stream)
        set_up(stream.codec_context, profile, X264, threads=_THREADS)
        for pts in range(frames):
            frame = av.VideoFrame.from_numpy_buffer(held[pts % len(held)], "yuv420p")
            frame.pts = pts
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def decode(video: Path) -> None:
    """Decode a video as the engine decodes what it has encoded, and look at nothing."""
    with av.open(video) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {
            "err_detect": "explode",
            "skip_loop_filter": "all",
            "skip_frame": "noref",
        }
        for _ in container.decode(stream):
            pass


def _profile() -> Profile:
    return profile_for(AspectRatio.LANDSCAPE)


if __name__ == "__main__":
    verb, source, target, *rest = sys.argv[1:]
    if verb == "encode":
        encode(Path(source), Path(target), frames=int(*rest))
    elif verb == "decode":
        decode(Path(target))
    else:
        scenes, seconds = map(int, rest)
        paint(Workload(folder=Path(source), scenes=scenes, seconds=seconds), Path(target))
