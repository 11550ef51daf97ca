"""Placing: a storyboard and its media become a timeline.

`build` is pure: storyboard and media in, timeline out, or `LimitExceeded`.

Every scene has an exact place, in rational seconds, that knows of no frames: it begins where
the one before begins to give way to it. Narrations stand at those times. Of pictures only the
borders are rounded, each to the nearest frame (`_Place`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from pathlib import Path

import msgspec

from render.disclosure import label_corner, label_text
from render.errors import LimitExceeded, MediaError
from render.rendition import FRAME_RATES, USUAL_RATE, Rate
from render.sentences import shorten
from render.storyboard import (
    CaptionStyle,
    Clip,
    Limits,
    Motion,
    Palette,
    Scene,
    Storyboard,
    TextStyle,
    Transition,
    clean_text,
)
from render.timeline import (
    ClipSound,
    Cue,
    LabelOverlay,
    LogoOverlay,
    Moving,
    MusicBed,
    SceneMedia,
    Shot,
    ShotSource,
    Still,
    TextOverlay,
    Timeline,
    Voice,
)
from render.words.lit_pages import lit_pages

_CHAPTER_TITLE = 60
"""Characters of a chapter's name at the most."""
_SOUND_VOLUME = -6.0
"""Decibels by which a clip's own sound is raised that is to be heard beside a voice."""
_SOUND_DUCK = 12.0
"""Decibels by which it steps back while somebody speaks: then about as loud as music is."""
_SOUND_FADE = Fraction(1, 4)
"""Seconds in which it comes and goes at a cut."""
_SHORTEST = 1 / min(FRAME_RATES)
"""Seconds that a scene lasts, and is seen alone, at the least: a frame at any rate."""


class Pacing(msgspec.Struct, frozen=True, kw_only=True):
    """How much air a scene has, in seconds."""

    lead_in: Fraction = Fraction(3, 10)
    """From the first sight of a scene to its first word, at the least."""
    tail: Fraction = Fraction(6, 10)
    """From its last word to the last sight of it, at the least."""
    silent_scene: Fraction = Fraction(3)
    """How long a scene without narration or clip lasts when nothing else is asked."""
    transition: Fraction = Fraction(1, 2)
    """Shorter where scenes are short or the voice would run into the next one."""
    text_fade: Fraction = Fraction(4, 15)
    """How long on-screen text takes to appear, and to go."""


def build(  # noqa: PLR0913  keyword-only past the second
    storyboard: Storyboard,
    media: Mapping[str, SceneMedia],
    *,
    music: Path | None = None,
    logo: Path | None = None,
    fps: Rate = USUAL_RATE,
    limits: Limits = Limits(),  # noqa: B008  frozen
    pacing: Pacing = Pacing(),  # noqa: B008  frozen
) -> Timeline:
    """Place every scene of a storyboard; `media` is keyed by scene id.

    A scene lasts as long as was asked, but never shorter than its narration and
    the air around it. Raises `InvalidStoryboard`, `LimitExceeded` naming the
    scene by its number, or `MediaError` where a scene has no media.
    """
    storyboard.check(limits)
    lengths: list[Fraction] = []
    for number, scene in enumerate(storyboard.scenes, start=1):
        if scene.id not in media:
            raise MediaError(f"Scene {number}: its files are missing.", scene=str(number))
        seconds = _scene_seconds(scene, media[scene.id], pacing)
        if seconds > limits.max_scene_seconds:
            raise LimitExceeded(
                "the length",
                limit=limits.max_scene_seconds,
                value=float(seconds),
                unit="seconds",
                scene=str(number),
            )
        lengths.append(seconds)

    shots: list[Shot] = []
    voices: list[Voice] = []
    places = _places(storyboard.scenes, lengths, fps=fps, pacing=pacing)
    for number, (scene, place) in enumerate(zip(storyboard.scenes, places, strict=True), start=1):
        own = media[scene.id]
        start, end = _border(place.start, fps), _border(place.end, fps)
        fade_in = _border(place.alone, fps) - start
        fade_out = end - _border(place.giving_way, fps)
        shot = Shot(
            scene_id=scene.id,
            number=number,
            title=_chapter(storyboard, scene, number),
            source=_source(scene, own, storyboard.palette, number=number),
            start=start,
            frames=end - start,
            span=ceil((place.end - place.start) * fps),
            fade_in=fade_in,
            fade_out=fade_out,
            transition=scene.transition if fade_out else Transition.CUT,
            colour=scene.transition_colour,
        )
        shots.append(shot)
        if own.narration is not None:
            voices.append(
                Voice(
                    scene_id=scene.id,
                    number=number,
                    path=own.narration,
                    start=place.start + pacing.lead_in,
                    duration=own.narration_seconds,
                )
            )

    captions = [cue for voice in voices for cue in _place_cues(media[voice.scene_id].cues, voice)]
    timeline = Timeline(
        fps=Fraction(fps),
        shots=tuple(shots),
        voices=tuple(voices),
        sounds=tuple(
            _clip_sound(shot, scene, media[scene.id].clip, fps)
            for shot, scene in zip(shots, storyboard.scenes, strict=True)
            if media[scene.id].clip_sounds and _is_heard(scene)
        ),
        music=_music(storyboard, music),
        logo=_logo(storyboard, logo),
        label=_label(storyboard),
        texts=tuple(_one_at_a_time(_texts(storyboard, shots, media, fps=fps, pacing=pacing))),
        captions=tuple(captions),
        palette=storyboard.palette,
        locale=storyboard.locale,
    )
    if timeline.duration > limits.max_video_seconds:
        raise LimitExceeded(
            "the video",
            limit=limits.max_video_seconds,
            value=float(timeline.duration),
            unit="seconds",
        )
    return timeline


def _scene_seconds(scene: Scene, own: SceneMedia, pacing: Pacing) -> Fraction:
    spoken = (
        pacing.lead_in + own.narration_seconds + pacing.tail + Fraction(str(scene.pause_after))
        if own.narration is not None
        else Fraction(0)
    )
    if scene.duration is not None:
        # Through its shortest decimal, so that 0.1 means a tenth.
        return max(Fraction(str(scene.duration)), spoken)
    if spoken:
        return spoken
    return _clip_seconds(scene, own) or pacing.silent_scene


def _clip_seconds(scene: Scene, own: SceneMedia) -> Fraction:
    if own.clip is None or scene.clip is None:
        return Fraction(0)
    _, seconds = scene.clip.seen(own.clip_seconds)
    return seconds


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a scene stands in the film, in exact seconds."""

    start: Fraction
    alone: Fraction
    """When the scene before is gone."""
    giving_way: Fraction
    """When the scene after begins to be seen."""
    end: Fraction


def _places(
    scenes: Sequence[Scene], lengths: Sequence[Fraction], *, fps: Rate, pacing: Pacing
) -> Iterator[_Place]:
    # So that none is rounded to nothing, at rates slower than any that videos are made at too.
    shortest = max(_SHORTEST, Fraction(1, fps))
    spans = [max(seconds, shortest) for seconds in lengths]
    overlaps = [
        _overlap(scene, (min(pair) - shortest) / 2, pacing)
        for scene, pair in zip(scenes, pairwise(spans), strict=False)
    ]
    start = before = Fraction(0)
    for seconds, overlap in zip(spans, (*overlaps, Fraction(0)), strict=True):
        end = start + seconds
        yield _Place(start=start, alone=start + before, giving_way=end - overlap, end=end)
        start, before = end - overlap, overlap


def _border(seconds: Fraction, fps: Rate) -> int:
    # Halves always upwards, not to the even number: what lasts whole frames keeps their number.
    return floor(seconds * fps + Fraction(1, 2))


def _overlap(scene: Scene, most: Fraction, pacing: Pacing) -> Fraction:
    # At most a little less than half of either scene, so that the two
    # transitions of one scene never meet; and no longer than the air between two
    # narrations, so that no voice starts before the one before has ended.
    if scene.transition is Transition.CUT:
        return Fraction(0)
    requested = scene.transition_seconds
    seconds = pacing.transition if requested is None else Fraction(str(requested))
    return min(seconds, pacing.lead_in + pacing.tail, most)


def _source(scene: Scene, own: SceneMedia, palette: Palette, *, number: int) -> ShotSource:
    if scene.background is not None:
        return scene.background
    # A clip that was made of its picture is shown from its beginning, and then holds.
    clip = scene.clip or (Clip() if scene.motion is Motion.GENERATED else None)
    if clip is not None and own.clip is not None:
        start, seconds = clip.seen(own.clip_seconds)
        if not seconds:
            raise MediaError(
                f"Scene {number}: the clip ends before its trimmed start.", scene=str(number)
            )
        return Moving(
            path=own.clip,
            start=start,
            seconds=seconds,
            fit=clip.fit,
            focus=scene.focus,
            surround=palette.background,
        )
    if own.picture is None:
        raise MediaError(f"Scene {number}: the picture is missing.", scene=str(number))
    return Still(path=own.picture, motion=scene.motion, focus=scene.focus)


def _chapter(storyboard: Storyboard, scene: Scene, number: int) -> str:
    words = clean_text(scene.on_screen_text) or clean_text(storyboard.spoken(scene))
    return shorten(" ".join(words.split()), _CHAPTER_TITLE) if words else str(number)


def _place_cues(cues: tuple[Cue, ...], voice: Voice) -> Iterator[Cue]:
    for cue in cues:
        yield cue.later(voice.start)


def _is_heard(scene: Scene) -> bool:
    return scene.clip_sound or (scene.clip is not None and scene.clip.volume is not None)


def _clip_sound(shot: Shot, scene: Scene, clip: Path | None, fps: Rate) -> ClipSound:
    if not isinstance(shot.source, Moving) or clip is None:
        raise MediaError(f"Scene {shot.number}: the clip is missing.", scene=str(shot.number))
    # What is told how loud to be is a voice as likely as not, and steps back for no other.
    volume = scene.clip.volume if scene.clip else None
    least = _SOUND_FADE if volume is None else Fraction(0)
    # Where its pictures are, to the sample: lips and voice belong together.
    return ClipSound(
        number=shot.number,
        path=clip,
        start=Fraction(shot.start, fps),
        trim=shot.source.start,
        duration=min(shot.source.seconds, Fraction(shot.frames, fps)),
        fade_in=max(Fraction(shot.fade_in, fps), least),
        fade_out=max(Fraction(shot.fade_out, fps), least),
        volume=_SOUND_VOLUME if volume is None else volume,
        duck=_SOUND_DUCK if volume is None else 0.0,
    )


def _music(storyboard: Storyboard, path: Path | None) -> MusicBed | None:
    music = storyboard.music
    if music is None or path is None:
        return None
    return MusicBed(
        path=path,
        seamless=music.file is None,
        volume=music.volume,
        duck=music.duck,
        fade_in=Fraction(str(music.fade_in)),
        fade_out=Fraction(str(music.fade_out)),
    )


def _logo(storyboard: Storyboard, path: Path | None) -> LogoOverlay | None:
    logo = storyboard.logo
    if logo is None or path is None:
        return None
    return LogoOverlay(path=path, corner=logo.corner, width=logo.width, opacity=logo.opacity)


def _label(storyboard: Storyboard) -> LabelOverlay | None:
    if not storyboard.disclosure:
        return None
    return LabelOverlay(text=label_text(storyboard.locale), corner=label_corner(storyboard.logo))


def _texts(
    storyboard: Storyboard,
    shots: list[Shot],
    media: Mapping[str, SceneMedia],
    *,
    fps: Rate,
    pacing: Pacing,
) -> Iterator[TextOverlay]:
    for shot, scene in zip(shots, storyboard.scenes, strict=True):
        frames = shot.frames - shot.fade_in - shot.fade_out
        text = clean_text(scene.on_screen_text)
        if text and scene.text_style is not TextStyle.NONE:
            # While one scene alone is seen: words never lie over two pictures.
            yield TextOverlay(
                number=shot.number,
                style=scene.text_style,
                text=text,
                start=shot.start + shot.fade_in,
                frames=frames,
                fade=min(int(pacing.text_fade * fps), frames // 3),
            )
        own = media[scene.id]
        if storyboard.captions is not CaptionStyle.NONE and own.narration is not None:
            if storyboard.captions is CaptionStyle.LIT:
                yield from _lit_words(shot, own.cues, fps=fps, lead_in=pacing.lead_in)
                continue
            for cue in own.cues:
                # Counted from the scene's own border, and so the same wherever that falls.
                start = floor((pacing.lead_in + cue.start) * fps)
                end = ceil((pacing.lead_in + cue.end) * fps)
                yield TextOverlay(
                    number=shot.number,
                    style=storyboard.captions,
                    text=cue.text,
                    start=shot.start + start,
                    frames=max(1, end - start),
                    fade=0,
                )


def _lit_words(
    shot: Shot, cues: Iterable[Cue], *, fps: Rate, lead_in: Fraction
) -> Iterator[TextOverlay]:
    """Yield each page of each cue once for every word that is lit on it, one after another."""
    for cue in cues:
        lit = [
            (floor((lead_in + start) * fps), page, number)
            for page in lit_pages(cue)
            for number, start in enumerate(page.starts)
        ]
        end = max(lit[-1][0], ceil((lead_in + cue.end) * fps))
        starts = [*(start for start, _, _ in lit[1:]), end]
        for (start, page, number), until in zip(lit, starts, strict=True):
            if until > start:  # a word that is said within a frame is not lit
                yield TextOverlay(
                    number=shot.number,
                    style=CaptionStyle.LIT,
                    text=page.text,
                    start=shot.start + start,
                    frames=until - start,
                    fade=0,
                    words=page.words,
                    lit=number,
                )


def _one_at_a_time(texts: Iterable[TextOverlay]) -> Iterator[TextOverlay]:
    """Yield words, and of captions no two at once.

    Rounded apart from each other, where one ends as the next begins both have the frame between
    them, or two where they belong to different scenes; it is the later one's. One that is left
    without any frame, of a narration of a few hundredths of a second, is not seen.
    """
    placed = list(texts)
    captions = [words for words in placed if isinstance(words.style, CaptionStyle)]
    free = {id(words): following.start - words.start for words, following in pairwise(captions)}
    for words in placed:
        frames = min(words.frames, free.get(id(words), words.frames))
        if frames > 0:
            yield msgspec.structs.replace(words, frames=frames)
