"""Planning: what becomes of a storyboard, as far as that is known before anything is decoded.

Nothing is computed here that the engine computes: `render.placing` builds the very timeline
that is filmed, and the laws of cameras, transitions, captions, words and sound are those that
paint and mix. Narrations that nobody has spoken yet are taken to last as long as the offline
voice would need.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

from render.casting import cast_of
from render.languages import reads_leftwards
from render.moods import nearest_mood
from render.pictures.transition_timing import WIPE_SOFTNESS, WIPES, travels
from render.placing import build
from render.preview.beds import bed_url
from render.preview.canvases import canvas_of
from render.preview.document import (
    CaptionsPreview,
    ClipView,
    CuePreview,
    ExistingAsset,
    FrameSpan,
    LevelPoint,
    LitPagePreview,
    LitWordPreview,
    LogoPreview,
    MusicPreview,
    NarrationPreview,
    SampleSpan,
    ScenePreview,
    SpokenWordPreview,
    TextLook,
    TextPreview,
    TimelinePreview,
    TransitionPreview,
    View,
)
from render.preview.known import SceneAssets
from render.preview.looks import label_preview, text_look, wording_preview
from render.preview.narrations import narration_of
from render.preview.stills import still_view
from render.rendition import USUAL_RATE, Profile, Quality, Rate, profile_for
from render.sentences import clusters
from render.sound.arrangement import (
    RAMP,
    RATE,
    Span,
    clip_span,
    ducking_points,
    sample,
    speech_spans,
    voice_spans,
)
from render.storyboard import (
    AspectRatio,
    CaptionStyle,
    Limits,
    Scene,
    Storyboard,
    TextStyle,
    Transition,
)
from render.timeline import Cue, Moving, SceneMedia, Shot, Still, TextOverlay, Timeline
from render.words.copyfitting import LABEL_STYLE, MOST, cut, paragraphs
from render.words.faces import faces_for
from render.words.line_breaks import unbroken
from render.words.lit_pages import lit_pages
from render.words.webvtt import milliseconds
from render.words.zones import Zone, logo_place, logo_room

_LONGEST_CAPTION = 84
"""Characters for which a caption's size is told; it is the same for all."""


_NOTHING = SceneAssets()


def plan_preview(  # noqa: PLR0913  keyword-only past the second
    storyboard: Storyboard,
    assets: Mapping[str, SceneAssets],
    *,
    aspect_ratio: AspectRatio,
    quality: Quality = Quality.FULL,
    fps: Rate = USUAL_RATE,
    limits: Limits = Limits(),  # noqa: B008  frozen
    music: ExistingAsset | None = None,
    logo: ExistingAsset | None = None,
) -> TimelinePreview:
    """Return a storyboard's film in a shape; `assets` by scene id, where there are any.

    `music` is one's own or a model's and `logo` one's own, where they are there. Raises
    `InvalidStoryboard`, `LimitExceeded` or `MediaError`, as `render.placing.build` does.
    """
    storyboard.check(limits)
    profile = profile_for(aspect_ratio, quality, fps=fps)
    plan = _Plan(storyboard, assets, profile=profile, limits=limits)
    timeline = plan.timeline
    return TimelinePreview(
        storyboard_digest=storyboard.digest,
        title=storyboard.title,
        locale=storyboard.locale,
        estimated=any(narration.estimated for narration in plan.narrations.values()),
        frame_rate=float(timeline.fps),
        sample_rate=RATE,
        frames=timeline.frames,
        duration=float(timeline.duration),
        canvas=canvas_of(aspect_ratio, quality, fps=fps),
        canvases=tuple(canvas_of(shape, size) for shape in AspectRatio for size in Quality),
        palette=storyboard.palette,
        faces=faces_for(plan.words()),
        scenes=tuple(plan.scenes()),
        captions=plan.captions(),
        music=plan.music(music),
        logo=plan.logo(logo),
        label=label_preview(timeline, profile),
    )


class _Plan:
    """One storyboard's timeline, and the parts of its preview."""

    def __init__(
        self,
        storyboard: Storyboard,
        assets: Mapping[str, SceneAssets],
        *,
        profile: Profile,
        limits: Limits,
    ) -> None:
        self.storyboard = storyboard
        self._assets = assets
        self._profile = profile
        self.narrations = {
            scene.id: narration
            for scene in storyboard.scenes
            if (narration := narration_of(storyboard, scene, self._of(scene).narration))
        }
        self.timeline: Timeline = build(
            storyboard,
            {scene.id: self._media(scene) for scene in storyboard.scenes},
            music=Path() if storyboard.music else None,
            logo=Path(storyboard.logo.file or "") if storyboard.logo else None,
            fps=profile.fps,
            limits=limits,
        )

    def _of(self, scene: Scene) -> SceneAssets:
        return self._assets.get(scene.id, _NOTHING)

    def _media(self, scene: Scene) -> SceneMedia:
        """Describe a scene's files to the engine; nobody opens what the paths name."""
        narration, clip = self.narrations.get(scene.id), self._of(scene).clip
        return SceneMedia(
            picture=Path(scene.id),
            clip=Path(scene.id) if clip else None,
            clip_seconds=clip.seconds if clip else Fraction(0),
            clip_sounds=bool(clip and clip.sounds),
            narration=Path(scene.id) if narration else None,
            narration_seconds=narration.seconds if narration else Fraction(0),
            cues=narration.cues if narration else (),
        )

    def scenes(self) -> Iterator[ScenePreview]:
        """Yield the scenes, in order."""
        voices = {
            voice.scene_id: span
            for voice, span in zip(self.timeline.voices, voice_spans(self.timeline), strict=True)
        }
        texts = {
            words.number: words
            for words in self.timeline.texts
            if isinstance(words.style, TextStyle)
        }
        for shot, scene in zip(self.timeline.shots, self.storyboard.scenes, strict=True):
            words = texts.get(shot.number)
            yield ScenePreview(
                id=scene.id,
                number=shot.number,
                title=shot.title,
                span=self._frames(shot.start, shot.frames),
                alone=self._frames(
                    shot.start + shot.fade_in, shot.frames - shot.fade_in - shot.fade_out
                ),
                cast=tuple(member.name for member in cast_of(self.storyboard, scene)),
                view=self._view(shot, scene),
                transition=self._transition(shot),
                text=self._text(words) if words else None,
                narration=self._spoken(scene, voices[scene.id]) if scene.id in voices else None,
            )

    def words(self) -> Iterator[tuple[TextStyle | CaptionStyle, str]]:
        """Yield everything that may be read, with its style."""
        for words in self.timeline.texts:
            yield words.style, words.text
        for cue in self.timeline.captions:
            yield self.storyboard.captions, cue.text
        if self.timeline.label:
            yield LABEL_STYLE, self.timeline.label.text

    def captions(self) -> CaptionsPreview:
        """Return all captions, burned in or not."""
        style = self.storyboard.captions
        shown = CaptionStyle.OUTLINE if style is CaptionStyle.NONE else style
        return CaptionsPreview(
            style=style,
            look=self._look(shown, length=_LONGEST_CAPTION),
            cues=tuple(self._cues()),
        )

    def music(self, asset: ExistingAsset | None) -> MusicPreview | None:
        """Return the music, with the curve by which it steps back."""
        music, bed = self.storyboard.music, self.timeline.music
        if music is None or bed is None:
            return None
        mood = music.mood or (nearest_mood(music.prompt) if music.prompt else None)
        return MusicPreview(
            file=music.file,
            asset=asset,
            mood=mood,
            bed_url=bed_url(mood) if mood and asset is None else None,
            volume=bed.volume,
            span=_samples(Span(0, sample(self.timeline.duration))),
            fade_in=_fade(bed.fade_in),
            fade_out=_fade(bed.fade_out),
            ducking=self._ducking(bed.duck),
        )

    def _ducking(self, depth: float) -> tuple[LevelPoint, ...]:
        spans = speech_spans(
            self.timeline.voices,
            (self.narrations[voice.scene_id].silences for voice in self.timeline.voices),
        )
        return tuple(
            LevelPoint(at=point.sample / RATE, sample=point.sample, decibels=point.decibels)
            for point in ducking_points(spans, depth=depth)
        )

    def logo(self, asset: ExistingAsset | None) -> LogoPreview | None:
        """Return the logo, with the box that it is fitted into."""
        named, logo = self.storyboard.logo, self.timeline.logo
        if named is None or logo is None:
            return None
        room = logo_room(share=logo.width, profile=self._profile)
        left, top = logo_place(room, corner=logo.corner, profile=self._profile)
        return LogoPreview(
            file=named.file,
            asset=asset,
            corner=logo.corner,
            box=Zone(left=left, top=top, width=room[0], height=room[1]),
            opacity=logo.opacity,
        )

    def _cues(self) -> Iterator[CuePreview]:
        burned: dict[int, list[TextOverlay]] = {}
        for words in self.timeline.texts:
            if isinstance(words.style, CaptionStyle):
                burned.setdefault(words.number, []).append(words)
        placed = iter(self.timeline.captions)
        for voice in self.timeline.voices:
            seen = burned.get(voice.number, [])
            for cue in islice(placed, len(self.narrations[voice.scene_id].cues)):
                pages: tuple[LitPagePreview, ...] = ()
                if self.storyboard.captions is CaptionStyle.LIT:
                    pages = tuple(self._pages(cue, seen))
                    span = self._over([word.span for page in pages for word in page.words])
                else:
                    own = _next(seen, cue.text, None)
                    span = self._frames(own.start, own.frames) if own else None
                yield CuePreview(
                    scene_id=voice.scene_id,
                    text=cue.text,
                    right_to_left=reads_leftwards(cue.text),
                    wording=wording_preview(
                        unbroken(cue.text.splitlines()), self.storyboard.locale
                    ),
                    start=milliseconds(cue.start) / 1000,
                    end=milliseconds(cue.end) / 1000,
                    span=span,
                    words=tuple(
                        SpokenWordPreview(
                            text=word.text,
                            start=milliseconds(word.start) / 1000,
                            end=milliseconds(word.end) / 1000,
                        )
                        for word in cue.words
                    ),
                    heard=cue.heard,
                    pages=pages,
                )

    def _over(self, spans: Sequence[FrameSpan | None]) -> FrameSpan | None:
        """Return the span from the first of these to the last, which lie end to end."""
        found = [span for span in spans if span is not None]
        if not found:
            return None
        start = found[0].start_frame
        return self._frames(start, found[-1].start_frame + found[-1].frames - start)

    def _pages(self, cue: Cue, seen: list[TextOverlay]) -> Iterator[LitPagePreview]:
        for page in lit_pages(cue):
            lit = [_next(seen, page.text, number) for number in range(len(page.words))]
            yield LitPagePreview(
                right_to_left=reads_leftwards(page.text),
                words=tuple(
                    LitWordPreview(
                        text=text, span=self._frames(own.start, own.frames) if own else None
                    )
                    for text, own in zip(page.words, lit, strict=True)
                ),
            )

    def _view(self, shot: Shot, scene: Scene) -> View:
        match shot.source:
            case Still():
                return still_view(
                    shot,
                    shot.source,
                    scene,
                    self._of(scene).picture,
                    made_for=profile_for(self.storyboard.aspect_ratio),
                    profile=self._profile,
                )
            case Moving():
                return self._clip(shot, shot.source, scene)
            case ground:
                return ground

    def _clip(self, shot: Shot, source: Moving, scene: Scene) -> ClipView:
        clip = self._of(scene).clip
        assert clip is not None  # noqa: S101  the engine shows no clip that is not there
        sound = next((one for one in self.timeline.sounds if one.number == shot.number), None)
        return ClipView(
            asset=clip.asset,
            trim_start=float(source.start),
            duration=float(source.seconds),
            fit=source.fit,
            focus=source.focus,
            surround=source.surround,
            volume=sound.volume if sound else None,
            sound=_samples(clip_span(sound)) if sound else None,
            fade_in=_fade(sound.fade_in) if sound else 0.0,
            fade_out=_fade(sound.fade_out) if sound else 0.0,
            ducking=self._ducking(sound.duck) if sound and sound.duck else (),
        )

    def _transition(self, shot: Shot) -> TransitionPreview | None:
        if not shot.fade_out:
            return None
        return TransitionPreview(
            kind=shot.transition,
            span=self._frames(shot.end - shot.fade_out, shot.fade_out),
            easing="smoothstep" if travels(shot.transition) else "linear",
            colour=shot.colour if shot.transition is Transition.FADE else None,
            softness=WIPE_SOFTNESS if shot.transition in WIPES else 0.0,
        )

    def _text(self, words: TextOverlay) -> TextPreview:
        assert isinstance(words.style, TextStyle)  # noqa: S101  captions are told elsewhere
        most = MOST[words.style]
        parts = tuple(
            cut(" ".join(part.split()), most) for part in paragraphs(words.style, words.text)
        )
        return TextPreview(
            style=words.style,
            paragraphs=parts,
            wordings=tuple(wording_preview(part, self.storyboard.locale) for part in parts),
            right_to_left=reads_leftwards(parts[0]),
            span=self._frames(words.start, words.frames),
            fade_frames=words.fade,
            fade=float(words.fade / self.timeline.fps),
            look=self._look(words.style, length=len(clusters(parts[0]))),
        )

    def _look(self, style: TextStyle | CaptionStyle, *, length: int) -> TextLook:
        palette = self.storyboard.palette
        return text_look(style, length=length, palette=palette, profile=self._profile)

    def _spoken(self, scene: Scene, span: Span) -> NarrationPreview:
        narration = self.narrations[scene.id]
        return NarrationPreview(
            text=narration.text,
            asset=narration.asset,
            reading=narration.reading,
            estimated=narration.estimated,
            span=_samples(span),
            fade=RAMP / RATE,
        )

    def _frames(self, start: int, frames: int) -> FrameSpan:
        fps = self.timeline.fps
        return FrameSpan(
            start=float(start / fps),
            duration=float(frames / fps),
            start_frame=start,
            frames=frames,
        )


def _next(seen: list[TextOverlay], text: str, lit: int | None) -> TextOverlay | None:
    """Take what comes next if it is this; what is left without a frame is not among them."""
    return seen.pop(0) if seen and (seen[0].text, seen[0].lit) == (text, lit) else None


def _samples(span: Span) -> SampleSpan:
    samples = span.end - span.start
    return SampleSpan(
        start=span.start / RATE,
        duration=samples / RATE,
        start_sample=span.start,
        samples=samples,
    )


def _fade(seconds: Fraction) -> float:
    return max(sample(seconds), RAMP) / RATE
