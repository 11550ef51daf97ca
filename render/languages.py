"""What is known about each language: its offline voices, its pace and its scripts.

Paces are measured, in characters of running text per second, on a paragraph of
three sentences spoken by espeak-ng at the given words per minute; silence at
either end is not counted. Words per minute are chosen so that languages come
out at the pace of a calm narrator (the engine counts "words" of very different
lengths). A script is named by the first word of its characters' Unicode names.
"""

import functools
import re
import unicodedata
from collections import Counter

import msgspec


class Language(msgspec.Struct, frozen=True):
    """One language as the offline voice speaks it."""

    voice: str
    words_per_minute: int
    characters_per_second: float
    script: str = "LATIN"


ENGLISH = Language("en-us", 150, 14.2)

LANGUAGES = {
    "am": Language("am", 175, 8.5, "ETHIOPIC"),
    "ar": Language("ar", 180, 10.8, "ARABIC"),
    "bn": Language("bn", 165, 12.2, "BENGALI"),
    "cs": Language("cs", 155, 13.0),
    "de": Language("de", 150, 15.4),
    "el": Language("el", 150, 14.7, "GREEK"),
    "en": ENGLISH,
    "en-gb": Language("en-gb-x-rp", 150, 14.5),
    "es": Language("es", 150, 14.7),
    "es-419": Language("es-419", 150, 13.4),
    "fa": Language("fa", 160, 11.5, "ARABIC"),
    "fi": Language("fi", 150, 13.1),
    "fr": Language("fr", 140, 16.4),
    "he": Language("he", 150, 12.0, "HEBREW"),
    "hi": Language("hi", 160, 12.2, "DEVANAGARI"),
    "hu": Language("hu", 150, 12.8),
    "hy": Language("hy", 150, 11.2, "ARMENIAN"),
    "id": Language("id", 150, 13.0),
    "it": Language("it", 150, 14.2),
    "ja": Language("ja", 165, 7.7, "HIRAGANA"),
    "ka": Language("ka", 150, 11.8, "GEORGIAN"),
    "ko": Language("ko", 175, 6.9, "HANGUL"),
    "nl": Language("nl", 150, 14.0),
    "pl": Language("pl", 155, 12.4),
    "pt": Language("pt", 150, 13.3),
    "pt-br": Language("pt-br", 150, 13.3),
    "ro": Language("ro", 150, 13.4),
    "ru": Language("ru", 145, 14.5, "CYRILLIC"),
    "sv": Language("sv", 150, 13.0),
    "sw": Language("sw", 160, 11.7),
    "ta": Language("ta", 150, 14.4, "TAMIL"),
    "te": Language("te", 150, 12.4, "TELUGU"),
    "th": Language("th", 190, 9.6, "THAI"),
    "tr": Language("tr", 155, 12.2),
    "uk": Language("uk", 210, 12.0, "CYRILLIC"),
    "ur": Language("ur", 155, 11.8, "ARABIC"),
    "vi": Language("vi", 145, 14.5),
    "yue": Language("yue", 190, 5.6, "CJK"),
    "zh": Language("cmn", 200, 4.9, "CJK"),
}
"""Languages with a measured pace; espeak-ng speaks some sixty more at its default."""

_SCRIPTS = {
    tag: frozenset(names.split())
    for names, tags in {
        "ARABIC": "sd ug",
        "ARMENIAN": "hyw",
        "BENGALI": "as bpy",
        "CYRILLIC": "ba be bg cv ky kk mk nog tt",
        "CYRILLIC LATIN": "bs hr sr",
        "DEVANAGARI": "kok mr ne",
        "ETHIOPIC": "ti",
        "GREEK": "grc",
        "GUJARATI": "gu",
        "GURMUKHI": "pa",
        "KANNADA": "kn",
        "MALAYALAM": "ml",
        "MYANMAR": "my shn",
        "ORIYA": "or",
        "SINHALA": "si",
    }.items()
    for tag in tags.split()
}
"""What the other voices read by its sound, where that is not Latin alone; of letters in any other
script they say the names."""
_VOICE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

_SECONDS_PER_DIGIT = 0.35
"""A digit is read as a word: "1998" takes as long as "nineteen ninety-eight"."""

# Cantonese is written with the tags of the places it is spoken in.
_ALIASES = {
    "cmn": "zh",
    "zh-hk": "yue",
    "zh-mo": "yue",
    "zh-yue": "yue",
    "no": "nb",
    "iw": "he",
    "in": "id",
    "es-mx": "es-419",
}
_BY_SCRIPT = {language.script: language for language in reversed(LANGUAGES.values())} | {
    "LATIN": ENGLISH,
    "CJK": LANGUAGES["zh"],
}
_SAME_SCRIPT = {"KATAKANA": "HIRAGANA", "KATAKANA-HIRAGANA": "HIRAGANA"}


def tags_of(locale: str) -> tuple[str, ...]:
    """Return the language tags to try for a locale, the closest first, in lower case."""
    parts = locale.replace("_", "-").lower().split("-")
    tags = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return tuple(dict.fromkeys(_ALIASES.get(tag, tag) for tag in tags))


def language_of(locale: str) -> Language | None:
    """Return what is known about a locale's language, or None."""
    return next((LANGUAGES[tag] for tag in tags_of(locale) if tag in LANGUAGES), None)


def voices_of(locale: str) -> tuple[str, ...]:
    """Return what espeak-ng's voice for a locale may be called, the likeliest name first.

    It need not have any of them.
    """
    language = language_of(locale)
    if language is not None:
        return (language.voice,)
    return tuple(tag for tag in tags_of(locale) if _VOICE_NAME.fullmatch(tag))


def scripts_read(locale: str) -> frozenset[str]:
    """Return the scripts that these voices read by their sound."""
    language = language_of(locale)
    if language is not None:
        return frozenset({language.script})
    return next((_SCRIPTS[tag] for tag in tags_of(locale) if tag in _SCRIPTS), frozenset({"LATIN"}))


@functools.lru_cache(maxsize=4096)
def script_of(char: str) -> str:
    """Return a letter's script, such as `LATIN` or `CJK`; empty for anything but a letter."""
    if not unicodedata.category(char).startswith("L"):
        return ""
    name = unicodedata.name(char, "").partition(" ")[0]
    return _SAME_SCRIPT.get(name, name)


def scripts(text: str) -> Counter[str]:
    """Count a text's letters by script."""
    counted = Counter(script_of(char) for char in text)
    del counted[""]
    return counted


def reads_leftwards(text: str) -> bool:
    """Tell whether the first letter of a text is of a script that runs from right to left."""
    directions = (unicodedata.bidirectional(char) for char in text)
    return next((way != "L" for way in directions if way in {"L", "R", "AL"}), False)


def estimate_seconds(text: str, locale: str) -> float:
    """Return about how long the offline voice speaks a text, in seconds.

    Letters in another script than the locale's are taken at the pace of the
    first language listed that is written in it. Within 20 % for running text.
    """
    own = language_of(locale) or ENGLISH
    seconds = 0.0
    for char, count in Counter(" ".join(text.split())).items():
        if char.isdecimal():
            seconds += _SECONDS_PER_DIGIT * count
            continue
        script = script_of(char)
        pace = own if script in {"", own.script} else _BY_SCRIPT.get(script, own)
        seconds += count / pace.characters_per_second
    return seconds
