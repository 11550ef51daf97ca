"""Still pictures of a video as JPEG: one that stands for it all, small ones, and a sheet of them.

The sheet holds pictures of the whole film side by side, and a WebVTT file beside it
tells which part is seen when: what a player shows over its time line. All are painted
as the video is, words and all, not taken from the encoded file.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from io import BytesIO
from math import ceil, isqrt
from pathlib import Path

from PIL import Image

from render.pictures.canvas import Canvas
from render.rendition import Profile
from render.storyboard import Storyboard
from render.timeline import Shot, Timeline
from render.words.webvtt import clock

_SMALL = 480
"""Pixels of a thumbnail's longer side at the most."""
_POSTER = "poster.jpg"
_TILE = 160
"""Pixels of the longer side of a picture on the sheet."""
_TILES = 100
"""On one sheet at the most: 1600 by 900 pixels for a film in 16:9."""
_TILE_SECONDS = 2
"""Between two of them at the least."""
_QUALITY = 88
"""JPEG's; above it files grow faster than pictures get better."""


Paint = Callable[[Sequence[int]], Iterable[Canvas]]
"""Paints frames of the timeline, by their numbers, in the profile's size."""
Drawn = Iterator[tuple[Path, bytes]]
"""Files with their contents; a film's come to a few megabytes."""


def draw(timeline: Timeline, folder: Path, profile: Profile, *, paint: Paint) -> Drawn:
    """Draw `poster.jpg` and `scene-<id>.jpg` for every scene, as they are to lie in a folder.

    The poster shows the first scene, as large as the video.
    """
    yield from draw_poster(timeline, folder / _POSTER, paint=paint)
    scale = min(1.0, _SMALL / max(profile.width, profile.height))
    size = (round(profile.width * scale), round(profile.height * scale))
    painted = paint([_telling_frame(shot) for shot in timeline.shots])
    for shot, canvas in zip(timeline.shots, painted, strict=True):
        small = _photograph(canvas).resize(size, Image.Resampling.LANCZOS)
        yield folder / _name(shot.scene_id), _jpeg(small)


def places(storyboard: Storyboard, folder: Path | None) -> Iterator[Path]:
    """Yield every file that `draw` draws for a folder."""
    if folder is not None:
        yield folder / _POSTER
        yield from (folder / _name(scene.id) for scene in storyboard.scenes)


def draw_poster(timeline: Timeline, place: Path, *, paint: Paint) -> Drawn:
    """Draw the picture that stands for the whole video alone."""
    (canvas,) = paint([_telling_frame(timeline.shots[0])])
    yield place, _jpeg(_photograph(canvas))


def _name(scene: str) -> str:
    return f"scene-{scene}.jpg"


def draw_sheet(timeline: Timeline, place: Path, profile: Profile, *, paint: Paint) -> Drawn:
    """Draw the sheet, and beside it the WebVTT file of the same name that tells its parts.

    Each part shows the middle of the stretch that it stands for.
    """
    every = max(Fraction(_TILE_SECONDS), timeline.duration / _TILES)
    count = ceil(timeline.duration / every)
    scale = _TILE / max(profile.width, profile.height)
    width, height = round(profile.width * scale), round(profile.height * scale)
    across = isqrt(count - 1) + 1
    sheet = Image.new("RGB", (across * width, ceil(count / across) * height))
    told = ["WEBVTT"]
    spans = [
        (number * every, min((number + 1) * every, timeline.duration)) for number in range(count)
    ]
    frames = [
        min(int((start + end) / 2 * timeline.fps), timeline.frames - 1) for start, end in spans
    ]
    for number, ((start, end), canvas) in enumerate(zip(spans, paint(frames), strict=True)):
        small = _photograph(canvas).resize((width, height), Image.Resampling.LANCZOS)
        left, top = number % across * width, number // across * height
        sheet.paste(small, (left, top))
        told.append(
            f"{clock(start)} --> {clock(end)}\n{place.name}#xywh={left},{top},{width},{height}"
        )
    yield place, _jpeg(sheet)
    yield place.with_suffix(".vtt"), ("\n\n".join(told) + "\n").encode()


def _telling_frame(shot: Shot) -> int:
    # The middle of the stretch in which this scene alone is seen, where words stand in full.
    return (shot.start + shot.fade_in + shot.end - shot.fade_out) // 2


def _photograph(canvas: Canvas) -> Image.Image:
    return Image.fromarray(canvas.frame().to_ndarray(format="rgb24"))


def _jpeg(picture: Image.Image) -> bytes:
    content = BytesIO()
    picture.save(content, "JPEG", quality=_QUALITY, progressive=True, optimize=True)
    return content.getvalue()
