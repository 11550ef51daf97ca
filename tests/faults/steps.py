"""The steps of a paid call at which a daemon is killed, by kind of work and by provider."""

from enum import Enum
from typing import Any

import msgspec

from render.storyboard import AspectRatio, Motion, Music, Scene, Solid, Storyboard

_NARRATED = Storyboard(
    title="Tea",
    scenes=(Scene(id="s1", narration="Tea.", picture_prompt="A cup of tea"),),
    aspect_ratio=AspectRatio.SQUARE,
)
_MOVING = Storyboard(
    title="Tea",
    scenes=(
        Scene(
            id="s1",
            picture_prompt="A cup of tea",
            motion=Motion.GENERATED,
            motion_prompt="Steam rises",
            duration=2,
        ),
    ),
)
_SCORED = Storyboard(
    title="Tea",
    scenes=(Scene(id="s1", narration="Tea.", background=Solid(colour="#14213d")),),
    aspect_ratio=AspectRatio.SQUARE,
    music=Music(prompt="A calm guitar"),
)


class Work(Enum):
    """What is being made when the daemon dies."""

    PICTURE = ("gemini", "a picture by Gemini", 1, _NARRATED)
    NARRATION = ("gemini", "a narration by Gemini", 2, _NARRATED)
    PREDICTION = ("replicate", "a picture by Replicate", 1, _NARRATED)
    CLIP = ("gemini", "a clip by Gemini", 2, _MOVING)
    CLIP_PREDICTION = ("replicate", "a clip by Replicate", 2, _MOVING)
    MUSIC = ("gemini", "music by Gemini", 2, _SCORED)
    MUSIC_PREDICTION = ("replicate", "music by Replicate", 2, _SCORED)
    DRAFT = ("gemini", "a storyboard by Gemini", 1, _NARRATED)

    def __init__(self, provider: str, words: str, nth: int, storyboard: Storyboard) -> None:
        self.provider = provider
        self.words = words
        self.nth = nth
        """Which of the job's paid calls it is."""
        self.storyboard = storyboard


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A place where a daemon is killed: by itself, or from outside at a moment of a call."""

    work: Work
    words: str
    point: str = ""
    """One of `crashing_daemon.POINTS`."""
    moment: str = ""
    """One of `harness.Watched`'s."""
    call: str = "generateContent"
    """What the call's method and path hold, from outside."""
    first: bool = False
    """Whether no earlier paid call of the job comes by here."""
    processing: int = 0
    """Looks at the file of a clip by Gemini before it is active."""

    @property
    def nth(self) -> int:
        """At which time of coming by the daemon is killed."""
        return 1 if self.first else self.work.nth


def _calls(work: Work) -> list[Step]:
    before = [
        ("before the intent is written", "before the intent"),
        ("intent written, nothing sent", "after the intent"),
        ("call announced, nothing sent", "before sending"),
    ]
    outside = [
        ("call in flight at the provider", "arrived"),
        ("charged, nothing answered", "charged"),
        ("half of the answer received", "answering"),
    ]
    kept = [
        ("answer received, nothing kept", "before keeping"),
        ("answer on disk, no receipt", "before the receipt"),
        ("receipt written, object not stored", "before storing"),
        ("object stored, asset not written", "before the asset"),
        ("asset written, not settled", "before settling"),
        ("settled", "after settling"),
    ]
    if work is Work.DRAFT:
        kept = [
            ("answer received, nothing kept", "before keeping the text"),
            ("text kept, not settled", "before settling"),
            ("settled", "after settling"),
        ]
    return [
        *(Step(work=work, words=words, point=point) for words, point in before),
        *(Step(work=work, words=words, moment=moment) for words, moment in outside),
        *(Step(work=work, words=words, point=point) for words, point in kept),
    ]


def _predictions(work: Work) -> list[Step]:
    create, poll, download = "POST /v1/models/", "GET /v1/predictions/", "GET /outputs/"
    return [
        Step(work=work, words="call announced, nothing sent", point="before sending"),
        Step(work=work, words="begun, its id not answered", moment="charged", call=create),
        Step(work=work, words="id received, not written", point="before the id"),
        Step(work=work, words="id written", point="after the id"),
        Step(work=work, words="polled", moment="arrived", call=poll),
        Step(work=work, words="half of a poll's answer received", moment="answering", call=poll),
        Step(work=work, words="download begun", moment="arrived", call=download),
        Step(work=work, words="half of the output received", moment="answering", call=download),
        Step(work=work, words="output received, nothing kept", point="before keeping"),
        Step(work=work, words="receipt written, object not stored", point="before storing"),
        Step(work=work, words="asset written, not settled", point="before settling"),
    ]


def _interactions(work: Work) -> list[Step]:
    begin, look = "POST /v1/interactions", "GET /v1/interactions/"
    made = [_of_one("half of what was made received", work, moment="answering", call=look)]
    if work is Work.CLIP:  # which comes as a file
        made = [
            _of_one("half of the answer received", work, moment="answering", call=look),
            _of_one("file processing", work, moment="answering", call="/files/", processing=1),
            _of_one("half of the download", work, moment="answering", call=":download"),
        ]
    return [
        Step(work=work, words="intent written, nothing sent", point="after the intent"),
        Step(work=work, words="call announced, nothing sent", point="before sending"),
        _of_one("begun, its id not answered", work, moment="charged", call=begin),
        _of_one("id received, not written", work, point="before the id"),
        _of_one("id written", work, point="after the id"),
        _of_one("asked after", work, moment="arrived", call=look),
        *made,
        Step(work=work, words="output received, nothing kept", point="before keeping"),
        Step(work=work, words="receipt written, object not stored", point="before storing"),
        Step(work=work, words="asset written, not settled", point="before settling"),
    ]


def _of_one(words: str, work: Work, **place: Any) -> Step:
    """Return a step of an interaction, of which pictures and speech by Gemini have none."""
    return Step(work=work, words=words, first=True, **place)


STEPS = [
    *_calls(Work.PICTURE),
    *(step for step in _calls(Work.NARRATION) if step.point != "before the intent"),
    *_predictions(Work.PREDICTION),
    *_interactions(Work.CLIP),
    *_predictions(Work.CLIP_PREDICTION),
    *_interactions(Work.MUSIC),
    *_predictions(Work.MUSIC_PREDICTION),
    *_calls(Work.DRAFT),
]
