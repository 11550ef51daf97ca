"""Blocks of sound, and the FFmpeg filters they are sent through.

A block is float32 shaped (2, samples): stereo at 48 kHz, full scale at ±1. Everything in
this room passes blocks on, one second long at most, and holds no sound whole.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.filter import Graph

from render.sound.arrangement import RATE

Block: TypeAlias = npt.NDArray[np.float32]


def silence(samples: int) -> Iterator[Block]:
    """Yield nothing to be heard, for as long as that."""
    for begun in range(0, samples, RATE):
        yield np.zeros((2, min(RATE, samples - begun)), np.float32)


def filter_blocks(blocks: Iterable[Block], *filters: tuple[str, str]) -> Iterator[AudioFrame]:
    """Send blocks through FFmpeg's filters, each a name and its arguments; yield float stereo."""
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=RATE, format="fltp", layout="stereo", time_base=Fraction(1, RATE)
    )
    form = graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo")
    graph.link_nodes(
        source,
        *(graph.add(name, arguments) for name, arguments in filters),
        form,
        graph.add("abuffersink"),
    ).configure()
    position = 0
    for block in blocks:
        graph.push(frame_of(block, position))
        position += block.shape[1]
        yield from pull_frames(graph)
    graph.push(None)
    yield from pull_frames(graph)


def frame_of(block: Block, position: int) -> AudioFrame:
    """Return a block as FFmpeg's frame, beginning at a sample."""
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
    frame.sample_rate = RATE
    frame.pts = position
    frame.time_base = Fraction(1, RATE)
    return frame


def pull_frames(graph: Graph) -> Iterator[AudioFrame]:
    """Yield what a graph has ready."""
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            # More is needed first, or all has been given.
            return
        if isinstance(frame, AudioFrame):
            yield frame
