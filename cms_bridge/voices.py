"""Voices: which ones the daemons have, and whether there is one by a name.

Every daemon tells of those that its providers speak with; what several tell of is
there once. Until any has told, nothing is known, and so no name is refused.
"""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from cms_bridge import clock
from cms_bridge.assets import AssetRecord, Condition, of_requests
from cms_bridge.tables import Voice
from render.errors import UnknownVoice
from render.generation.base import SpeechRequest
from render.generation.requests import digests
from render.generation.voices import FREE, Gender, provider_of
from render.generation.voices import Voice as CatalogueVoice
from render.languages import tags_of
from render.storyboard import Brief, Storyboard, clean_text

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
"""What of a language tag a locale may hold: `en-gb` of `en-gb-x-rp`."""
_AT_ONCE = 500
"""Rows of one statement."""
_NEAREST = 3
_TOLD = 100
"""Characters of a name that nobody has, as it is told of."""
_LIKE = 0.5
"""How much alike names are that may have been meant, from 0 to 1."""

SENTENCES = {
    "de": "So klinge ich, wenn ich Ihre Geschichte erzähle.",
    "en": "This is how I sound when I tell your story.",
    "es": "Así sueno cuando cuento tu historia.",
    "fr": "Voici ma voix quand je raconte votre histoire.",
    "it": "Ecco come suono quando racconto la tua storia.",
    "nl": "Zo klink ik als ik je verhaal vertel.",
    "pl": "Tak brzmię, gdy opowiadam twoją historię.",
    "pt": "É assim que soo quando conto a sua história.",
}
"""What a sample says, by language."""
_COUNTING = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10."
"""What it says in every other: figures are read in each."""


async def report(voices: Sequence[CatalogueVoice]) -> None:
    """Take note that a daemon has these voices."""
    now = clock.now()
    columns = (
        Voice.provider,
        Voice.name,
        Voice.languages,
        Voice.gender,
        Voice.description,
        Voice.reported_at,
    )
    for start in range(0, len(voices), _AT_ONCE):
        rows = [
            Voice(
                id=voice.id,
                provider=voice.provider,
                name=voice.name,
                languages=msgspec.json.encode(voice.languages).decode(),
                gender=voice.gender and voice.gender.value,
                description=voice.description,
                reported_at=now,
            )
            for voice in voices[start : start + _AT_ONCE]
        ]
        await Voice.insert(*rows).on_conflict(target=Voice.id, action="DO UPDATE", values=columns)


async def prune(keep: timedelta) -> None:
    """Forget voices that no daemon has had for so long."""
    await Voice.delete().where(Voice.reported_at < clock.now() - keep)


async def listed(
    *, language: str = "", provider: str = "", after: str = "", limit: int | None = None
) -> list[CatalogueVoice]:
    """Return voices by id, behind one of them: a provider's, or those that speak a language.

    One that speaks whatever its text is written in speaks every language.
    """
    which = Voice.id > after
    if provider:
        which &= Voice.provider == provider
    rows = await Voice.select(*Voice.all_columns()).where(which).order_by(Voice.id)
    found = [_voice(row) for row in rows]
    if language:
        found = [voice for voice in found if speaks(voice, language)]
    return found[:limit]


async def free_for(language: str) -> bool:
    """Tell whether a voice that costs nothing speaks a language."""
    rows = await Voice.select(*Voice.all_columns()).where(Voice.provider.is_in(sorted(FREE)))
    return any(speaks(_voice(row), language) for row in rows)


def speaks(voice: CatalogueVoice, language: str) -> bool:
    """Tell whether a voice speaks a language; a dialect's also speaks the language itself."""
    if not voice.languages:
        return True
    wanted = tags_of(language)[0]
    return any(wanted in tags_of(tag) or tag in tags_of(language) for tag in voice.languages)


async def check(wanted: str) -> None:
    """Raise `UnknownVoice` for a name that no voice has, with those that are called nearly so.

    A voice is named by its id or, where it is of no matter whose it is, by its provider's name.
    Variants of espeak-ng (`de+f3`) and speakers of Piper (`NAME#SPEAKER`) are not told apart.
    """
    wanted = clean_text(wanted)
    named = {wanted, _stem(wanted)}
    if not wanted or await _is_there(named):
        return
    every = await listed()
    if not every or not _names(every).isdisjoint(name.casefold() for name in named):
        return
    raise _unknown(wanted, every)


async def check_all(of: Brief | Storyboard) -> None:
    """Raise `UnknownVoice` for a voice, the film's own or a speaker's, that there is none of."""
    for wanted in dict.fromkeys((of.voice, *(speaker.voice for speaker in of.speakers))):
        await check(wanted)


async def find(voice: str) -> CatalogueVoice:
    """Return a voice by its id; raise `UnknownVoice`."""
    row = await Voice.select(*Voice.all_columns()).where(Voice.id == voice).first()
    if row is None:
        raise _unknown(voice, await listed())
    return _voice(row)


def sample_request(voice: CatalogueVoice, language: str = "") -> SpeechRequest:
    """Return what a voice is asked to say to be heard, in one of its languages or else English."""
    tag = _TAG.match(language or next(iter(voice.languages), "en"))
    locale = tag[0] if tag else "en"
    said = next((SENTENCES[tag] for tag in tags_of(locale) if tag in SENTENCES), _COUNTING)
    return SpeechRequest(text=said, locale=locale, voice=voice.id)


async def samples(wanted: Mapping[str, SpeechRequest]) -> dict[str, AssetRecord]:
    """Return the samples that there are, by voice: whichever project had one made.

    It says our own words, so nothing of any project's is in it. What another provider said in
    a voice's place is none.
    """
    names = {voice: digests(request) for voice, request in wanted.items()}
    found = await of_requests({digest for some in names.values() for digest in some})
    return {
        voice: record
        for voice, some in names.items()
        for record in found
        if record.request_digest in some
        and record.medium.provider == provider_of(voice)
        and record.medium.condition is Condition.USABLE
    }


async def _is_there(names: Collection[str]) -> bool:
    some = list(names)
    return await Voice.exists().where(Voice.id.is_in(some) | Voice.name.is_in(some))


def _names(voices: Collection[CatalogueVoice]) -> set[str]:
    return {name.casefold() for voice in voices for name in (voice.id, voice.name)}


def _stem(voice: str) -> str:
    return voice.partition("#")[0].partition("+")[0]


def _unknown(wanted: str, voices: Collection[CatalogueVoice]) -> UnknownVoice:
    near = _nearest(wanted, voices)
    meant = f" Nearly so are called: {', '.join(near)}." if near else ""
    told = wanted if len(wanted) <= _TOLD else f"{wanted[:_TOLD]}…"
    return UnknownVoice(
        f"There is no voice called “{told}”.{meant}",
        field="voice",
        voice=told,
        nearest=", ".join(near) or "–",
    )


def _nearest(wanted: str, voices: Collection[CatalogueVoice]) -> list[str]:
    """Return the ids of voices that are called nearly so."""
    named: dict[str, str] = {}
    for voice in voices:
        named.setdefault(voice.name.casefold(), voice.id)
        named[voice.id.casefold()] = voice.id
    near = difflib.get_close_matches(wanted.casefold()[:_TOLD], named, n=2 * _NEAREST, cutoff=_LIKE)
    return list(dict.fromkeys(named[name] for name in near))[:_NEAREST]


def _voice(row: Mapping[str, Any]) -> CatalogueVoice:
    return CatalogueVoice(
        provider=row["provider"],
        name=row["name"],
        languages=tuple(msgspec.json.decode(row["languages"], type=list[str])),
        gender=Gender(row["gender"]) if row["gender"] else None,
        description=row["description"],
    )
