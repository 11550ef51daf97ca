"""The encoder alone, beside which `make bench` holds the engine: it must run to say anything."""

from pathlib import Path

import av
import numpy as np

from benchmarks.render import floor
from benchmarks.render.workload import FPS

_HEIGHT, _WIDTH = 1080, 1920


def test_the_encoder_alone_takes_frames_as_they_lie_in_memory(tmp_path: Path) -> None:
    raw, video = tmp_path / "frames.yuv", tmp_path / "floor.mp4"
    lit = [np.full((_HEIGHT * 3 // 2, _WIDTH), 100 + 50 * number, np.uint8) for number in range(2)]
    np.stack(lit).tofile(raw)

    # Where more are asked for than there are, it begins again.
    floor.encode(raw, video, frames=3)
    floor.decode(video)

    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (_WIDTH, _HEIGHT, FPS)
        luma = [float(frame.to_ndarray()[:_HEIGHT].mean()) for frame in container.decode(stream)]
    assert np.allclose(luma, [100, 150, 100], atol=2)
