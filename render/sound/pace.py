"""Pace: speech made faster or slower, at the pitch that it has."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.filter import Graph

from render.sound.graph import pull_frames

Samples = npt.NDArray[np.int16]


def paced(samples: Samples, rate: int, speed: float) -> Samples:
    """Return mono samples so many times as fast, from 0.5 to 2: `atempo`, which overlaps and adds.

    At 1 they come back as they are.
    """
    if speed == 1 or not len(samples):
        return samples
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=rate, format="s16", layout="mono", time_base=Fraction(1, rate)
    )
    graph.link_nodes(
        source,
        graph.add("atempo", f"{speed:.6f}"),
        graph.add("aformat", "sample_fmts=s16:channel_layouts=mono"),
        graph.add("abuffersink"),
    ).configure()
    return np.concatenate([np.zeros(0, np.int16), *_sent(graph, samples, rate)])


def _sent(graph: Graph, samples: Samples, rate: int) -> Iterator[Samples]:
    for begun in range(0, len(samples), rate):
        block = np.ascontiguousarray(samples[np.newaxis, begun : begun + rate])
        frame = AudioFrame.from_ndarray(block, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, begun, Fraction(1, rate)
        graph.push(frame)
        yield from map(_samples, pull_frames(graph))
    graph.push(None)
    yield from map(_samples, pull_frames(graph))


def _samples(frame: AudioFrame) -> Samples:
    return frame.to_ndarray().astype(np.int16, copy=False).ravel()
