"""What is said over a scene, and how long that takes: as measured, or as far as can be guessed."""

from fractions import Fraction

import msgspec

from render.languages import estimate_seconds
from render.measures import SpeechMeasures
from render.preview.document import ExistingAsset
from render.preview.known import KnownMedium
from render.storyboard import Scene, Storyboard, clean_text
from render.timeline import Cue
from render.turns import beginnings
from render.words.captions import cues


class Narration(msgspec.Struct, frozen=True, kw_only=True):
    """What is said over a scene, and how long that takes."""

    text: str
    asset: ExistingAsset | None
    reading: ExistingAsset | None
    seconds: Fraction
    silences: tuple[tuple[Fraction, Fraction], ...]
    estimated: bool
    cues: tuple[Cue, ...]


def narration_of(
    storyboard: Storyboard, scene: Scene, known: KnownMedium | None
) -> Narration | None:
    """Return a scene's narration; None where nothing is said."""
    text = clean_text(storyboard.spoken(scene))
    if not text and known is None:
        return None
    own = scene.caption is None
    measures = known.measures if known else None
    if isinstance(measures, SpeechMeasures):
        seconds, silences = measures.seconds, measures.silences
        words = measures.words if own else ()
    else:
        # In whole milliseconds: an estimate has no finer truth.
        said = estimate_seconds(text, storyboard.locale) / storyboard.speed_of(scene)
        seconds = (known.seconds if known else 0) or Fraction(round(said * 1000), 1000)
        silences, words = (), ()
    read = clean_text(text if scene.caption is None else scene.caption)
    return Narration(
        text=text,
        asset=known.asset if known and not known.reading else None,
        reading=known.asset if known and known.reading else None,
        seconds=seconds,
        silences=silences,
        estimated=known is None or known.reading or not isinstance(measures, SpeechMeasures),
        cues=cues(
            read,
            seconds=seconds,
            pauses=silences,
            locale=storyboard.locale,
            heard=words,
            speakers=beginnings(storyboard.turns_of(scene)) if own else (),
        )
        if read
        else (),
    )
