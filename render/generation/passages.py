"""Passages: the parts of a text that is too long for a model to say in one call.

A voice that is asked for minutes at once breaks off, mumbles or is refused. So each passage is a
request of its own: priced, charged, kept and found again as any, and joined to the narration as
the turns of a dialogue are (`render.generation.dialogue`). A turn is cut within itself: who says
what stays as it is. How a text is cut is no part of its name (`requests.whole_digest`), so that
another limit buys nothing again that there is.

Passages are halves, or halves of halves, and so about as long as one another: none is a last
word left alone.
"""

from collections.abc import Callable
from functools import partial
from itertools import accumulate

from msgspec.structs import replace

from render.generation.base import SpeechRequest
from render.generation.narration_models import NarrationModel
from render.generation.voices import FREE, provider_of
from render.languages import estimate_seconds
from render.pronunciation import pronounced
from render.sentences import clauses, clusters, sentences, words
from render.storyboard import clean_text

_BORDERS = (sentences, partial(str.splitlines, keepends=True), clauses, words, clusters)
"""Where a text is cut: at the first kind of border that it has."""


def in_passages(request: SpeechRequest, model: NarrationModel | None) -> SpeechRequest:
    """Return a request with the passages that no call passes a model's bounds by.

    None where nobody is asked that has any. A voice that costs nothing has none either.
    """
    if model is None:
        return request
    if request.turns:
        return replace(request, turns=tuple(in_passages(turn, model) for turn in request.turns))
    if provider_of(request.voice) in FREE:
        return request
    parts = [
        _passage(request, text)
        for text in _cut(
            clean_text(request.text), lambda text: _fits(_passage(request, text), model)
        )
    ]
    return replace(request, passages=tuple(parts)) if len(parts) > 1 else request


def _passage(request: SpeechRequest, text: str) -> SpeechRequest:
    """Return what is asked for a part of a text, with the words that stand in it."""
    pairs = tuple(pair for pair in request.pronunciations if pronounced(text, [pair]) != text)
    return replace(request, text=text, pronunciations=pairs)


def _fits(request: SpeechRequest, model: NarrationModel) -> bool:
    said = clean_text(request.said)
    seconds = estimate_seconds(said, request.locale) / min(1, request.speed)
    return seconds <= model.longest and len(said) <= (model.most_characters or len(said))


def _cut(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Return a text in parts that fit, cut at the border that is the nearest to its middle."""
    text = text.strip()
    if fits(text):
        return [text]
    slices = next((cut for border in _BORDERS if len(cut := border(text)) > 1), None)
    if slices is None:
        return [text]
    middle = min(list(accumulate(map(len, slices)))[:-1], key=lambda end: abs(2 * end - len(text)))
    return [*_cut(text[:middle], fits), *_cut(text[middle:], fits)]
