"""Films of noise: nothing in them can be left out, so that few seconds of them are many bytes."""

from pathlib import Path

import av
import numpy as np

RATE = 10


def encode(place: Path, *, size: tuple[int, int], seconds: int, **options: str) -> None:
    random = np.random.default_rng(1)
    form = {".m3u8": "hls", ".mp4": "mp4"}[place.suffix]
    with av.open(f"{place}", "w", format=form, options=options) as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "20", "g": f"{RATE}"}
        for _ in range(seconds * RATE):
            noise = random.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise)))
        container.mux(stream.encode())
