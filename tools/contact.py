"""Draws a finished video's contact sheet: what is seen, how it changes, what is heard and read.

    python -m render STORYBOARD.json -o VIDEO.mp4 --captions VIDEO.vtt --json > RESULT.json
    python -m tools.contact VIDEO.mp4 RESULT.json -o SHEET.jpg --storyboard STORYBOARD.json

Everything is taken from the encoded file, as a viewer gets it: a frame from the
middle of each scene, three from each transition, and the sound with the level of
what is under the voice. The result says when scenes begin and where captions are;
the storyboard, if given, what transitions are called. Where the result names a list of words
(`--words`), the transcript tells when each was heard. `--strip` also draws a row
of scenes, `--of` says which, with the first of them in the other shapes the
result holds. Levels are printed, in dB of full scale.
"""

import argparse
import io
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import av
import msgspec
import typst
import webvtt
from av.video.reformatter import Interpolation
from PIL import Image

from render.inspection.probe import inspect
from render.report import Report, ResultLine, SceneTime
from render.storyboard import Storyboard
from render.words import fonts
from tools.levels import Levels, Span, draw, listen

_TEMPLATE = Path(__file__).with_name("contact.typ")
_WIDTH = 2000
"""Pixels of the sheet."""
_SOUND = (_WIDTH - 80, 330)
_QUALITY = 80
_SCENES_ACROSS, _TRANSITIONS_ACROSS = 5, 3
"""Of a wide video; of an upright one more fit beside each other."""
_TOGETHER = 0.4
"""Seconds between two captions at the most, where they belong to one narration."""


class Change(NamedTuple):
    """How a scene gives way to the next; times in seconds."""

    before: SceneTime
    after: SceneTime

    @property
    def seconds(self) -> float:
        """How long both are seen."""
        return self.before.start + self.before.duration - self.after.start

    def moments(self, fps: float) -> tuple[float, ...]:
        """Return three moments of it: before, during and after, where it takes no time."""
        if self.seconds < 1 / fps:
            return tuple(self.after.start + frames / fps for frames in (-0.5, 0.5, 1.5))
        return tuple(self.after.start + self.seconds * part for part in (1 / 6, 1 / 2, 5 / 6))


def read_result(path: Path) -> ResultLine:
    """Return the result among the lines that the engine wrote with `--json`."""
    last = path.read_bytes().strip().splitlines()[-1]
    line = msgspec.json.decode(last, type=Report)
    if not isinstance(line, ResultLine):
        raise SystemExit(f"{path} tells of no finished video.")
    return line


def photographs(
    video: Path, moments: Iterable[float], size: tuple[int, int]
) -> dict[float, Image.Image]:
    """Return the frames that are seen at these seconds, made small; decodes the video once."""
    waiting = sorted(set(moments), reverse=True)
    found: dict[float, Image.Image] = {}
    with av.open(video) as container:
        stream = container.streams.video[0]
        half = 0.5 / float(stream.average_rate or 30)
        for frame in container.decode(stream):
            now = frame.time or 0.0
            while waiting and waiting[-1] < now + 2 * half:
                small = frame.reformat(*size, format="rgb24", interpolation=Interpolation.AREA)
                found[waiting.pop()] = Image.fromarray(small.to_ndarray())
    return found


def spoken(captions: Iterable[webvtt.Caption], scenes: Sequence[SceneTime]) -> tuple[Span, ...]:
    """Return the stretches in which a scene's captions follow each other closely, in seconds."""
    starts = [scene.start for scene in scenes]
    spans: list[Span] = []
    before = 0
    for cue in captions:
        start, end = _seconds(cue.start), _seconds(cue.end)
        scene = bisect_right(starts, start)
        if scene == before and start - spans[-1].end < _TOGETHER:
            spans[-1] = Span(spans[-1].start, end)
        else:
            spans.append(Span(start, end))
        before = scene
    return tuple(spans)


def contact_sheet(
    video: Path, result: ResultLine, *, title: str, names: Mapping[str, str]
) -> Image.Image:
    """Return the sheet; `names` says what the transition after a scene is called, by its id."""
    about = inspect(video)
    fps, ratio = float(about.fps), about.width / about.height
    scenes, made = result.scenes, result.rendition
    changes = [Change(*pair) for pair in pairwise(scenes)]
    middles = [_middle(scenes, number) for number in range(len(scenes))]
    moments = [change.moments(fps) for change in changes]
    across = _fitting(_SCENES_ACROSS, ratio)
    wide = _WIDTH // across
    seen = photographs(video, chain(middles, *moments), (wide, round(wide / ratio)))
    captions = webvtt.read(result.captions).captions if result.captions else []
    levels = listen(video, seconds=made.duration)
    spans = spoken(captions, scenes)
    sys.stdout.writelines(f"{line}\n" for line in report(levels, scenes, spans))
    starts = [scene.start for scene in scenes]
    with TemporaryDirectory() as folder:
        album = _Album(Path(folder))
        return album.typeset({
            "title": title,
            "fonts": ["Inter", *fonts.fallbacks()],
            "facts": f"{about.width} × {about.height} · {fps:g} frames a second · "
            f"{_clock(made.duration)} · {made.encoder} · {video.stat().st_size / 1e6:.1f} MB",
            "scenesAcross": across,
            "transitionsAcross": _fitting(_TRANSITIONS_ACROSS, ratio),
            "scenes": [
                {
                    "number": str(number),
                    "id": scene.id,
                    "time": _clock(scene.start),
                    "picture": album.keep(seen[middle]),
                }
                for number, (scene, middle) in enumerate(zip(scenes, middles, strict=True), 1)
            ],
            "transitions": [
                {
                    "scenes": f"{number} → {number + 1}",
                    "name": _named(change, names.get(change.before.id, ""), fps),
                    "time": _clock(change.after.start),
                    "pictures": [album.keep(seen[moment]) for moment in three],
                }
                for number, (change, three) in enumerate(zip(changes, moments, strict=True), 1)
            ],
            "sound": album.keep(draw(levels, spoken=spans, scenes=starts, size=_SOUND)),
            "cues": transcript(result, captions),
        })  # fmt: skip


class _Album:
    """A folder of pictures that Typst puts on a page."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def keep(self, picture: Image.Image) -> str:
        """Put a picture in, and return its name."""
        self._count += 1
        name = f"{self._count}.png"
        picture.save(self._folder / name, compress_level=1)
        return name

    def typeset(self, told: Mapping[str, object]) -> Image.Image:
        """Return the page."""
        template = self._folder / _TEMPLATE.name
        template.write_bytes(_TEMPLATE.read_bytes())
        png = typst.compile(
            template,
            root=self._folder,
            font_paths=fonts.fonts(),
            format="png",
            ppi=72,  # a point is a pixel
            sys_inputs={"sheet": msgspec.json.encode(told).decode()},
        )
        return Image.open(io.BytesIO(png)).convert("RGB")


def strip(result: ResultLine, chosen: Sequence[str], *, height: int = 480) -> Image.Image:
    """Return a picture of scenes in two rows, and of the first in the result's other shapes."""
    scenes = result.scenes
    middles = {scene.id: _middle(scenes, number) for number, scene in enumerate(scenes)}
    moments = [middles[name] for name in chosen]
    gap = 8
    rows = 2
    small = (height - gap) // rows
    shape = result.rendition
    size = (round(small * shape.width / shape.height), small)
    seen = photographs(Path(shape.path), moments, size)
    columns = -(-len(chosen) // rows)
    grid = Image.new("RGB", (columns * (size[0] + gap) - gap, height), "#ffffff")
    for place, moment in enumerate(moments):
        row, column = divmod(place, columns)
        grid.paste(seen[moment], (column * (size[0] + gap), row * (small + gap)))
    pictures = [grid]
    for other in sorted(result.others, key=lambda other: -other.width / other.height):
        tall = (round(height * other.width / other.height), height)
        pictures.append(photographs(Path(other.path), moments[:1], tall)[moments[0]])
    width = sum(picture.width + gap for picture in pictures) - gap
    whole = Image.new("RGB", (width, height), "#ffffff")
    left = 0
    for picture in pictures:
        whole.paste(picture, (left, 0))
        left += picture.width + gap
    return whole


def report(levels: Levels, scenes: Sequence[SceneTime], spans: Sequence[Span]) -> Iterator[str]:
    """Yield a line for each scene: when it is spoken in, and how loud it is there and else."""
    yield f"{'scene':<16}{'start':>7}{'spoken':>16}{'voice':>8}{'under it':>10}{'else':>8}  dB"
    for number, scene in enumerate(scenes):
        last = scene.start + scene.duration
        whole = Span(scene.start, scenes[number + 1].start if number + 1 < len(scenes) else last)
        inside = [span for span in spans if whole.start <= span.start < whole.end]
        said = ", ".join(f"{span.start:.2f}–{span.end:.2f}" for span in inside)
        yield (
            f"{scene.id:<16}{scene.start:7.2f}{said:>16}{levels.loud(inside):8.1f}"
            f"{levels.beneath(inside):10.1f}{levels.outside(whole, spans):8.1f}"
        )


def transcript(result: ResultLine, captions: Iterable[webvtt.Caption]) -> list[dict[str, object]]:
    """Return the transcript: with each word's second where the result names a list of words.

    Where words were not found in the narration, their seconds are guesses, and say so (≈).
    """
    if not result.words:
        return [
            {"time": _clock(_seconds(cue.start)), "text": " ".join(cue.text.split()), "words": []}
            for cue in captions
        ]
    told = msgspec.json.decode(Path(result.words).read_bytes())["captions"]
    return [
        {
            "time": _clock(cue["start"]),
            "text": cue["text"],
            "words": [
                {
                    "text": word["text"],
                    "start": f"{'' if cue['heard'] else '≈ '}{word['start']:.2f}",
                }
                for word in cue["words"]
            ],
        }
        for cue in told
    ]


def _middle(scenes: Sequence[SceneTime], number: int) -> float:
    """Return the middle of the time in which a scene alone is seen."""
    ends = [0.0, *(scene.start + scene.duration for scene in scenes)]
    starts = [*(scene.start for scene in scenes), ends[-1]]
    return (max(starts[number], ends[number]) + min(starts[number + 1], ends[number + 1])) / 2


def _seconds(stamp: str) -> float:
    hours, minutes, seconds = stamp.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _fitting(across: int, ratio: float) -> int:
    return round(across * (16 / 9 / ratio) ** 0.5)


def _named(change: Change, name: str, fps: float) -> str:
    if change.seconds < 1 / fps:
        return name or "cut"
    return f"{name.replace('_', ' ') or 'transition'}, {change.seconds:.2g} s"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:05.2f}"


def save(picture: Image.Image, place: Path) -> None:
    """Write a picture as JPEG, and say so."""
    picture.save(place, "JPEG", quality=_QUALITY, progressive=True, optimize=True)
    sys.stdout.write(f"{place}: {picture.width} × {picture.height}\n")


def main() -> None:
    """Draw what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("result", type=Path, help="what the engine wrote with --json")
    parser.add_argument("--out", "-o", type=Path, required=True, help="the JPEG to write")
    parser.add_argument("--storyboard", type=Path, help="names the transitions")
    parser.add_argument("--strip", type=Path, help="another JPEG, of a few scenes")
    parser.add_argument("--of", default="", help="those scenes, by id, with commas between")
    options = parser.parse_args()
    result = read_result(options.result)
    title, names = options.video.stem, {}
    if options.storyboard:
        told = msgspec.json.decode(options.storyboard.read_bytes(), type=Storyboard)
        title, names = told.title, {scene.id: scene.transition.value for scene in told.scenes}
    save(contact_sheet(options.video, result, title=title, names=names), options.out)
    if options.strip:
        every = [scene.id for scene in result.scenes]
        save(strip(result, options.of.split(",") if options.of else every), options.strip)


if __name__ == "__main__":
    main()
