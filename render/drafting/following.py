"""A storyboard in other words: the scenes of one film, told by what was drafted for another.

A film in a second language shows what the first one shows. It keeps the scenes: their pictures,
clips, moves and transitions, the look and the music. Its title, its language and voice, and what
is said and shown as text are its own; scenes last as long as their own narration.
"""

from itertools import accumulate

import msgspec

from render.drafting.offline import shown_words
from render.languages import estimate_seconds
from render.sentences import sentences
from render.storyboard import Scene, Storyboard


def follow(led: Storyboard, drafted: Storyboard) -> Storyboard:
    """Return the scenes of `led` in the words of `drafted`.

    What is drafted in as many scenes as are spoken there is taken scene by scene; else its
    sentences are dealt out, whole and in order, by how long each scene was spoken. A scene that
    says nothing there says nothing here.
    """
    spoken = [scene for scene in led.scenes if scene.narration.strip()]
    said = [scene for scene in drafted.scenes if scene.narration.strip()]
    if len(said) == len(spoken):
        told = [(one.narration, one.on_screen_text) for one in said]
    else:
        told = [(text, shown_words("", text)) for text in _deal(led, spoken, said, drafted.locale)]
    words = dict(zip((scene.id for scene in spoken), told, strict=True))
    return msgspec.structs.replace(
        led,
        title=drafted.title,
        locale=drafted.locale,
        voice=drafted.voice,
        speed=drafted.speed,
        # Whoever asks for the label in one film of several has it in those that follow.
        disclosure=led.disclosure or drafted.disclosure,
        scenes=tuple(
            _retold(scene, *words.get(scene.id, ("", drafted.title))) for scene in led.scenes
        ),
    )


def _deal(led: Storyboard, spoken: list[Scene], said: list[Scene], locale: str) -> list[str]:
    """Return what each spoken scene says: the sentences whose middles fall into its share."""
    whole = [sentence for scene in said for sentence in sentences(scene.narration.strip() + " ")]
    lengths = [estimate_seconds(sentence, locale) for sentence in whole]
    shares = [estimate_seconds(scene.narration, led.locale) for scene in spoken]
    ends = [end / sum(shares) for end in accumulate(shares)]
    dealt = [""] * len(spoken)
    before = 0.0
    for sentence, length in zip(whole, lengths, strict=True):
        middle = (before + length / 2) / sum(lengths)
        place = next((at for at, end in enumerate(ends) if middle <= end), len(ends) - 1)
        dealt[place] += sentence
        before += length
    return [text.strip() for text in dealt]


def _retold(scene: Scene, narration: str, text: str) -> Scene:
    # Whether words stand in the picture is part of what its model is asked: where none stood,
    # none may, or the picture would be another.
    return msgspec.structs.replace(
        scene,
        narration=narration,
        narration_file=None,
        narration_take=0,
        on_screen_text=text if scene.on_screen_text.strip() else "",
        # Captions of its own are in the other language; none at all are none here too.
        caption="" if scene.caption == "" else None,
        duration=None if narration else scene.duration,
        speed=None,
    )
