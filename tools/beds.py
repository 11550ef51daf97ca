"""Write the built-in music as files that a browser repeats without a seam: `render/beds`.

Not part of any build: it runs again when a score is changed, which a test notices.

    python -m tools.beds
"""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import Flags

from render.generation.offline.music import compose
from render.sound.arrangement import RATE
from render.sound.graph import Block
from render.storyboard import Mood

TARGET = Path(__file__).parents[1] / "render" / "beds"
_BITS_PER_SECOND = 64_000
"""Under a voice, nobody hears what more would bring."""


def write(bed: Block, place: Path) -> None:
    """Write a bed, float32 shaped (2, samples) at 48 kHz, as Opus in Ogg."""
    with av.open(place, "w", format="ogg", options={"serial_offset": "1"}) as container:
        container.flags |= Flags.bitexact.value
        stream = container.add_stream("libopus", rate=RATE, layout="stereo")
        stream.bit_rate = _BITS_PER_SECOND
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(bed), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        resampler = AudioResampler(stream.codec_context.format, "stereo", RATE, 960)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


def main() -> None:
    """Write every mood's."""
    for mood in Mood:
        write(compose(mood), TARGET / f"{mood}.ogg")


if __name__ == "__main__":
    main()
