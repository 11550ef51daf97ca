"""Inspection: whether an answer is the medium that was asked for, before it is kept.

Everything is read as the engine will read it, to its end: the header first, and
no pixel or sample of what passes a bound. What the engine could not use is
`UnusableAnswer`, at the price it was charged. What it can use, but somebody
should look at, is told in warnings that stay with the asset: a picture to be
enlarged a great deal, one of a single colour (a refusal can arrive as a black
picture), a voice that says nothing, or not all of its text (`render.generation.reading`).
What people bring is taken as it is, as long as the engine can read it.
"""

import tempfile
from fractions import Fraction
from functools import partial
from math import floor
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread
import av
import msgspec
import numpy as np
from PIL import Image

from render.decoding import decoding
from render.errors import CompositionError, MediaError, UnusableAnswer
from render.generation.base import (
    ClipRequest,
    Generated,
    ImageRequest,
    MusicRequest,
    SpeechRequest,
)
from render.generation.clip_inspection import inspect_clip
from render.generation.music_inspection import inspect_music
from render.generation.reading import problems_of, quoted, word_times
from render.generation.standards import Standards
from render.languages import estimate_seconds
from render.measures import ClipMeasures, Measures, PictureMeasures, SpeechMeasures
from render.pictures import deep
from render.pictures.clip import check_clip
from render.pictures.still import (
    FORMATS,
    check_picture,
    picture_error,
    resizable,
    seen_size,
    small_picture,
)
from render.problem import Problem
from render.rendition import profile_for
from render.sound.arrangement import RATE
from render.sound.track import open_sound
from render.sound.wav import hear_narration, listen, narration, wav_duration
from render.source import Source
from render.storyboard import AspectRatio, clean_text

MediaRequest = ImageRequest | SpeechRequest | ClipRequest | MusicRequest
_NAMES = {
    ImageRequest: "a picture",
    SpeechRequest: "speech",
    ClipRequest: "a clip",
    MusicRequest: "music",
}

_RATES = range(8_000, 192_001)
"""Samples a second that speech comes at."""
_CHANNELS = 2
_LOOK = 256
"""Pixels across to which a picture is brought to be looked at."""
_FLAT = 4
"""Of 256 levels, by which the samples of a picture that shows something differ at the least."""
_SHORTEST_JUDGED = 3.0
"""Estimated seconds below which speech may be as short as it likes."""
_UNSAID_CODE = "nothing_pronounceable"


class Findings(NamedTuple):
    """What came of looking at a medium."""

    warnings: tuple[Problem, ...]
    measures: Measures


class Inspector:
    """Looks at media in threads of its own, a few at a time."""

    def __init__(self, standards: Standards | None = None, *, at_once: int = 2) -> None:
        """Take what media are held to; a large picture takes 200 MB while it is looked at."""
        self._standards = standards or Standards()
        self._at_once = anyio.CapacityLimiter(at_once)

    async def inspect_answer(self, request: MediaRequest, answer: Generated) -> Generated:
        """Return what was made, with what there is to say of it; raise `UnusableAnswer`."""
        try:
            findings = await self._run(partial(self._inspect_answer, request, answer))
        except MediaError as error:
            reason = error.message
        except (OSError, MemoryError, CompositionError):
            return answer  # this machine has no room to look; whoever uses it looks again
        else:
            return msgspec.structs.replace(
                answer,
                inspected=True,
                warnings=(*answer.warnings, *findings.warnings),
                measures=findings.measures,
            )
        what = _NAMES[type(request)]
        raise UnusableAnswer(
            f"“{answer.model}” sent {what} that cannot be used. {reason}",
            provider=answer.provider,
            model=answer.model,
            reason=reason,
        ).charged(answer.cost)

    async def inspect_file(self, request: MediaRequest, path: Path, *, source: Source) -> Findings:
        """Return what there is to say of a file that was made earlier; raise `MediaError`."""
        return await self._run(partial(self._inspect_file, request, path, source=source))

    async def inspect_own(self, request: MediaRequest, path: Path, *, scene: str) -> Findings:
        """Return what there is to say of a file that people bring for a scene, by its number.

        It is taken for what `request` would ask for. Raises `MediaError`, which names the scene.
        """
        return await self._run(
            partial(self._inspect_file, request, path, source=Source.UPLOAD, scene=scene)
        )

    async def _run(self, look: partial[Findings]) -> Findings:
        return await anyio.to_thread.run_sync(look, limiter=self._at_once)

    def _inspect_answer(self, request: MediaRequest, answer: Generated) -> Findings:
        with tempfile.TemporaryDirectory(prefix="reelwright-") as folder:
            path = Path(folder) / "answer"
            path.write_bytes(answer.data)
            findings = self._inspect_file(request, path, source=answer.source)
        explained = {warning.code for warning in answer.warnings}
        if _UNSAID_CODE in explained:  # why it is silent is told already
            warnings = tuple(one for one in findings.warnings if one.code != "silent_narration")
            findings = findings._replace(warnings=warnings)
        return findings

    def _inspect_file(
        self, request: MediaRequest, path: Path, *, source: Source, scene: str | None = None
    ) -> Findings:
        own, standards = source is Source.UPLOAD, self._standards
        try:
            match request:
                case ClipRequest():
                    measures = measure_footage(path, scene) if own else inspect_clip(path, request)
                    return Findings((), measures)
                case MusicRequest():
                    return Findings((), inspect_music(path))
                case ImageRequest():
                    return inspect_picture(
                        path, request, source=source, standards=standards, scene=scene
                    )
                case SpeechRequest() if own:
                    return inspect_recording(path, request, scene)
                case SpeechRequest():
                    return inspect_speech(path, request, source=source, standards=standards)
        except (MediaError, CompositionError, OSError, MemoryError):
            raise
        except Exception as error:
            # A decoder that stumbles over a stranger's bytes in its own way. Let through, it
            # would end every film that asks for the same, and nobody could say what it cost.
            raise MediaError(f"It cannot be read ({type(error).__name__}).") from error


def inspect_picture(
    path: Path,
    request: ImageRequest,
    *,
    source: Source,
    standards: Standards,
    scene: str | None = None,
) -> Findings:
    """Decode a picture to its end and return what there is to say; raise `MediaError`."""
    header = check_picture(path, max_pixels=standards.picture_pixels, scene=scene)
    if source is Source.MODEL and header.format == "JPEG":
        _decode_strictly(path)
    with (
        decoding(picture_error(scene), "is damaged"),
        Image.open(path, formats=FORMATS) as image,
    ):
        width, height = seen_size(path, image)
        times = _enlargement(width, height, request.aspect_ratio)
        if times > standards.enlargement_refused and source is not Source.UPLOAD:
            raise MediaError(f"The picture has only {width} × {height} pixels.")
        flat = _is_flat(path, image)
    problems: list[Problem] = []
    if times > standards.enlargement_told:
        problems.append(small_picture(width, height))
    if flat and source is Source.MODEL:
        problems.append(
            Problem(
                code="picture_flat",
                message="The picture shows nothing but one colour; a refusal can look like that.",
            )
        )
    return Findings(tuple(problems), PictureMeasures(width=width, height=height))


def inspect_speech(
    path: Path, request: SpeechRequest, *, source: Source, standards: Standards
) -> Findings:
    """Decode speech to its end and return what there is to say; raise `MediaError`."""
    with open_sound(narration(path)) as (_, stream):
        rate = stream.codec_context.sample_rate
        channels = stream.codec_context.layout.nb_channels
    if rate not in _RATES or channels > _CHANNELS:
        raise MediaError(f"It has {rate} samples a second on {channels} channels.")
    seconds = wav_duration(path)
    text = clean_text(request.text)
    expected = estimate_seconds(clean_text(request.said), request.locale) / request.speed
    longest = standards.speech_times * expected + standards.speech_slack
    if seconds > longest:
        raise MediaError(
            f"It lasts {_in_seconds(seconds)} for a text of about {_in_seconds(expected)}."
        )
    detector = hear_narration(path)
    told = (
        None
        if detector.silent
        else word_times(path, text, request.locale, request.speed, request.pronunciations)
    )
    silent = detector.silent
    says = any(char.isalnum() for char in text)
    if source is Source.MODEL and says:
        if silent:
            raise MediaError("The narration is silent.")
        if expected > _SHORTEST_JUDGED and seconds < standards.speech_share * expected:
            raise MediaError(
                f"It lasts {_in_seconds(seconds)} for a text of about {_in_seconds(expected)}."
            )
        if told and told.says_another:
            raise MediaError(f"The voice says another text or language than: “{quoted(text)}”.")
        if told and told.unsaid:
            raise MediaError(f"The voice breaks off. It does not say: “{quoted(told.unsaid)}”.")
    warning = Problem(code="silent_narration", message="The narration is silent.")
    return Findings(
        (warning,) if silent else problems_of(told),
        SpeechMeasures.of(seconds, rate, detector.pauses(), told.words if told else ()),
    )


def inspect_recording(path: Path, request: SpeechRequest, scene: str | None) -> Findings:
    """Hear somebody's own recording to its end and return what there is to say.

    In any kind of sound that the engine reads, as long as it likes and of other words, of which
    a warning tells. Raises `MediaError`.
    """
    with open_sound(narration(path, scene=scene)) as (_, stream):
        rate = stream.codec_context.sample_rate
    seconds, detector = listen(path, scene=scene)
    text = clean_text(request.text)
    told = None
    if text and not detector.silent:
        # At whatever pace: nobody was asked for one. As the project says its words, though.
        said = request.all_pronunciations
        told = word_times(path, text, request.locale, pronunciations=said)
    warning = Problem(code="silent_narration", message="The narration is silent.")
    counted_at = rate if (seconds * rate).denominator == 1 else RATE
    return Findings(
        (warning,) if detector.silent else problems_of(told),
        SpeechMeasures.of(seconds, counted_at, detector.pauses(), told.words if told else ()),
    )


def measure_footage(path: Path, scene: str | None) -> ClipMeasures:
    """Return a clip's measures by its headers and packets; raise `MediaError`.

    Each of its pictures is decoded where it is filmed.
    """
    info = check_clip(path, scene=scene or "1")
    return ClipMeasures(
        width=info.width,
        height=info.height,
        milliseconds=floor(info.seconds * 1000),
        sounds=info.sounds,
    )


def _decode_strictly(path: Path) -> None:
    """Raise `MediaError` for a JPEG that ends before its picture does.

    Pillow, as most readers, fills up with grey what is missing before a marker of the end.
    """
    options = {"protocol_whitelist": "file"}
    with (
        decoding(picture_error(None), "is damaged"),
        av.open(f"file:{path}", format="jpeg_pipe", options=options) as container,
    ):
        stream = container.streams.video[0]
        stream.thread_count = 1
        stream.codec_context.options = {"err_detect": "explode"}
        next(container.decode(stream))


def _enlargement(width: int, height: int, shape: AspectRatio) -> float:
    """Return how many times a picture is enlarged to fill a film in 1080p."""
    film = profile_for(shape)
    return max(film.width / width, film.height / height)


def _is_flat(path: Path, image: Image.Image) -> bool:
    """Decode a picture to its end, and tell whether it is of a single colour."""
    picture = deep.read(path, image, enough=(_LOOK, _LOOK))
    if picture is not None:
        return all(np.ptp(picture.rgb[..., band]) < _FLAT for band in range(3))
    image.draft("RGB", (_LOOK, _LOOK))
    image.load()
    across, down = (min(side, _LOOK) for side in image.size)
    small = resizable(image).resize((across, down), Image.Resampling.BOX, reducing_gap=2)
    if small.has_transparency_data:
        ground = Image.new("RGBA", small.size, "white")
        small = Image.alpha_composite(ground, small.convert("RGBA"))
    return all(np.ptp(np.asarray(band)) < _FLAT for band in small.convert("RGB").split())


def _in_seconds(seconds: Fraction | float) -> str:
    return f"{float(seconds):.1f} seconds"
