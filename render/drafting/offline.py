"""The offline drafter: a brief and a script become a storyboard, without any model.

The script is cut at its headings, its paragraphs and its sentences; scenes of
about six seconds are then chosen together, so that none is left over short.
What is spoken is the script, word for word: headings ("# …", "Scene 1: …") part
scenes and lend them their on-screen words, but are not spoken. Paragraphs
within a scene stay apart by an empty line, where the voice pauses. What a
speaker says stays theirs: a scene that begins in the middle of it begins with
the speaker's name. The same brief always gives the same storyboard.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise

import msgspec

from render.errors import EmptyScript, LimitExceeded
from render.languages import estimate_seconds, script_of
from render.problem import Problem
from render.sentences import clauses, clusters, phrase, sentences, shorten, words
from render.storyboard import (
    Brief,
    Limits,
    Motion,
    Music,
    Scene,
    Storyboard,
    Transition,
    clean_text,
)
from render.turns import opening, turns
from render.turns import spoken as spoken_text

IDEAL_SECONDS = 6.5
"""A scene's length when nothing speaks for another: long enough to read its picture."""
LONGEST_SENTENCE = 20.0
"""Seconds; a sentence that takes longer is cut at its clauses."""
PAUSE_SECONDS = 0.6
"""What the engine adds around a scene's narration."""

# What parting two units costs, against the squared relative error of a scene's length.
# A paragraph stays a scene of its own from 3.9 seconds up.
_JOINING_PARAGRAPHS = 0.3
_PARTING_SENTENCES = 0.05
# How an overlong sentence may be cut, the least harmful way first.
_CUTS: tuple[tuple[Callable[[str], list[str]], float], ...] = (
    (clauses, 0.5),
    (words, 1.0),
    (clusters, 2.0),
    (list, 4.0),
)

_TITLE_LENGTH = 200
_LONGEST_LABEL = 65
"""Characters of a speaker's name, the colon and a space."""
_WORDS_SHOWN = 60
_DENSE_WORDS_SHOWN = 28
_DENSE_SCRIPTS = {"CJK", "HIRAGANA", "HANGUL"}

_MOTIONS = (
    Motion.ZOOM_IN,
    Motion.PAN_LEFT,
    Motion.ZOOM_OUT,
    Motion.PAN_RIGHT,
    Motion.ZOOM_IN,
    Motion.PAN_UP,
    Motion.ZOOM_OUT,
    Motion.PAN_DOWN,
)

_HEADING = re.compile(r"[ \t]*#{1,6}[ \t]+(?P<heading>\S.*)")
_RULE = re.compile(r"[ \t]*(?:[-*_=][ \t]*){3,}")
_SCENE_LABEL = re.compile(
    r"[ \t]*[*_\[(]*"
    r"(?:scene|shot|szene|scène|escena|scena|cena|сцена|场景|場景|シーン|مشهد|दृश्य|סצנה)"
    r"[ \t]*\d{1,3}[*_\])]*[ \t]*(?:[:：.–—-]+[*_]*|$)",
    re.IGNORECASE,
)
_SENTENCE_ENDS = tuple('.!?…。！？؟۔।॥"”»’')
_ITEM = re.compile(r"^[ \t]*[-*•][ \t]+(?=\S)")
_PARAGRAPH_BREAK = re.compile(r"\n\s*\n")
_DENSE_LINE_BREAK = re.compile(r"(?<=[\u3000-\u9fff])\n(?=[\u3000-\u9fff])")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A storyboard nobody has looked at yet."""

    storyboard: Storyboard
    warnings: tuple[Problem, ...] = ()
    """Such as that control characters were removed."""
    seconds: float
    """About how long the video will be."""


class _Block(msgspec.Struct, frozen=True):
    """What stands between two scene breaks."""

    heading: str
    paragraphs: tuple[str, ...]


class _Unit(msgspec.Struct, frozen=True):
    """The smallest piece that is never divided between scenes."""

    text: str
    seconds: float
    parting: float
    """What it costs to end a scene after this unit."""
    joining: float = 0.0
    """What it costs not to."""
    label: str = ""
    """The speaker's name and a colon, where a speaker says it."""
    opens: bool = False
    """Whether its paragraph begins with it."""


def draft(brief: Brief, *, limits: Limits) -> Draft:
    """Return the storyboard of a brief; raise `EmptyScript` or `LimitExceeded`."""
    brief.check(limits)
    blocks, warnings = _blocks(brief)
    spoken = sum(
        estimate_seconds(_unnamed(text, brief)[1], brief.locale)
        for block in blocks
        for text in block.paragraphs
    )
    if spoken > limits.max_video_seconds:
        raise LimitExceeded(
            "the video", limit=limits.max_video_seconds, value=round(spoken), unit="seconds"
        )
    parted = _part(blocks, spoken, brief, limits)
    mean = spoken / len(parted)
    if mean > 2 * IDEAL_SECONDS:
        warnings.append(
            Problem(
                code="long_scenes",
                message=f"The script is long, so its scenes last about {mean:.0f} seconds each.",
                params={"seconds": round(mean)},
            )
        )
    title = shorten(clean_text(brief.title), _TITLE_LENGTH)
    style = clean_text(brief.style)
    about = phrase(clean_text(brief.brief), 200)
    scenes = tuple(
        Scene(
            id=f"s{number}",
            narration=narration,
            on_screen_text=shorten(
                shown_words(heading, said), min(_WORDS_SHOWN, limits.max_scene_chars)
            ),
            picture_prompt=shorten(_prompt(said, title=title, about=about), limits.max_scene_chars),
            motion=_MOTIONS[(number - 1) % len(_MOTIONS)],
            transition=Transition.CROSSFADE,
        )
        for number, (heading, narration) in enumerate(parted, start=1)
        for said in (spoken_text(turns(narration, brief.speakers)),)
    )
    storyboard = Storyboard(
        title=title or scenes[0].on_screen_text,
        scenes=scenes,
        locale=brief.locale,
        aspect_ratio=brief.aspect_ratio,
        style=style,
        look=brief.look,
        logo=brief.logo,
        disclosure=brief.disclosure,
        cast=brief.cast,
        voice=clean_text(brief.voice),
        speakers=brief.speakers,
        speed=brief.speed,
        palette=brief.palette,
        music=Music(mood=brief.music) if brief.music else None,
    )
    storyboard.check(limits)
    return Draft(
        storyboard=storyboard,
        warnings=tuple(warnings),
        seconds=spoken + PAUSE_SECONDS * len(scenes),
    )


def _blocks(brief: Brief) -> tuple[list[_Block], list[Problem]]:
    """Return what is to be spoken, and what to tell the editor about it."""
    warnings: list[Problem] = []
    for name, raw in (("script", brief.script), ("brief", brief.brief), ("title", brief.title)):
        removed = sum(
            char not in "\n\t\r" and unicodedata.category(char) in {"Cc", "Cs"} for char in raw
        )
        if removed:
            characters = "One character" if removed == 1 else f"{removed} characters"
            verb = "was" if removed == 1 else "were"
            warnings.append(
                Problem(
                    code="control_characters_removed",
                    message=f"{characters} of the {name} cannot be shown or spoken"
                    f" and {verb} removed.",
                    params={"count": removed, "field": name},
                )
            )
    script = clean_text(brief.script)
    if not _is_visible(script):
        script = clean_text(brief.brief)
        warnings.append(
            Problem(
                code="brief_spoken", message="There is no script, so the brief itself is spoken."
            )
        )
    blocks = _split_blocks(script, brief)
    spoken = [block for block in blocks if block.paragraphs]
    if not spoken:
        spoken = [_Block(block.heading, (block.heading,)) for block in blocks if block.heading]
        warnings.append(
            Problem(
                code="headings_spoken",
                message="The script holds nothing but headings, so these are spoken.",
            )
        )
    if not spoken:
        raise EmptyScript("There is nothing to say: write a script or at least a brief.")
    return spoken, warnings


def _split_blocks(script: str, brief: Brief) -> list[_Block]:
    blocks: list[_Block] = []
    heading, labelled = "", False
    lines: list[str] = []

    def close(next_heading: str = "", *, label: bool = False) -> None:
        nonlocal heading, labelled
        paragraphs = tuple(
            " ".join(_DENSE_LINE_BREAK.sub("", part).split())
            for part in _PARAGRAPH_BREAK.split("\n".join(lines))
            if _is_visible(part)
        )
        if labelled and not paragraphs:  # "Scene 3: It sings" was the scene's one line
            paragraphs, heading = (heading,), ""
        # A heading right after a heading, or a rule after it, takes nothing from it.
        if paragraphs or (heading and next_heading):
            blocks.append(_Block(heading, paragraphs))
            heading = ""
        heading, labelled = next_heading or heading, label
        lines.clear()

    for line in script.split("\n"):
        if match := _HEADING.fullmatch(line):
            close(match["heading"].rstrip("# \t"))
        elif _RULE.fullmatch(line):
            close()
        elif match := _SCENE_LABEL.match(line):
            rest = line[match.end() :].strip()
            if _is_visible(rest) and not rest.endswith(_SENTENCE_ENDS):
                close(rest, label=True)
            else:
                close()
                lines.append(rest)
        else:
            # Each item of a list is a paragraph of its own: the voice pauses after it. So is
            # what another speaker says.
            turn = "\n" if opening(line, brief.speakers) else ""
            lines.append(turn + _ITEM.sub("\n", line))
    close()
    if heading:
        blocks.append(_Block(heading, ()))
    return blocks


def _part(
    blocks: list[_Block], spoken: float, brief: Brief, limits: Limits
) -> list[tuple[str, str]]:
    """Return each scene's heading and narration.

    More scenes than a storyboard may have are answered with longer scenes.
    """
    ideal = max(IDEAL_SECONDS, spoken / limits.max_scenes)
    while True:
        parted = [
            (block.heading if first else "", narration)
            for block in blocks
            for first, narration in _narrations(block, ideal, brief, limits)
        ]
        if len(parted) <= limits.max_scenes:
            return parted
        if ideal > min(spoken, limits.max_scene_seconds):
            raise LimitExceeded(
                "a storyboard", limit=limits.max_scenes, value=len(parted), unit="scenes"
            )
        ideal *= 1.3


def _narrations(
    block: _Block, ideal: float, brief: Brief, limits: Limits
) -> Iterator[tuple[bool, str]]:
    """Yield a block's narrations in order, each with whether it is the first."""
    units = list(_units(block, ideal, brief, limits))
    ends = _best_ends(units, ideal, limits)
    for start, end in pairwise((0, *ends)):
        scene = "".join(
            (unit.label if unit.opens or not number else "") + unit.text
            for number, unit in enumerate(units[start:end])
        )
        yield start == 0, scene.strip()


def _unnamed(paragraph: str, brief: Brief) -> tuple[str, str]:
    """Return a speaker's name with its colon, or nothing, and what is said in a paragraph."""
    opened = opening(paragraph, brief.speakers)
    # A name that nothing follows is text.
    if opened is None or not opened[1].strip():
        return "", paragraph
    speaker, said = opened
    return f"{speaker.name}: ", said


def _best_ends(units: list[_Unit], ideal: float, limits: Limits) -> list[int]:
    """Return where scenes end so that their lengths are, together, nearest the ideal.

    Shortest path over the places between units; a scene reaches no further
    than twice the ideal, so the work grows with the script and not its square.
    """
    cheapest = [0.0] + [math.inf] * len(units)
    came_from = [0] * (len(units) + 1)
    longest = min(2 * ideal, limits.max_scene_seconds)
    for start in range(len(units)):
        seconds = joining = 0.0
        length = 0
        for end in range(start + 1, len(units) + 1):
            unit = units[end - 1]
            seconds += unit.seconds
            length += len(unit.label) + len(unit.text)
            alone = end == start + 1
            if not alone and (seconds > longest or length > limits.max_scene_chars):
                break
            parting = unit.parting if end < len(units) else 0.0
            cost = cheapest[start] + (seconds / ideal - 1) ** 2 + parting + joining
            if cost < cheapest[end]:
                cheapest[end], came_from[end] = cost, start
            joining += unit.joining
    ends: list[int] = []
    end = len(units)
    while end:
        ends.append(end)
        end = came_from[end]
    return ends[::-1]


def _units(block: _Block, ideal: float, brief: Brief, limits: Limits) -> Iterator[_Unit]:
    locale = brief.locale
    longest = min(max(LONGEST_SENTENCE, ideal), limits.max_scene_seconds)

    def fits(text: str) -> bool:
        room = limits.max_scene_chars - _LONGEST_LABEL
        return (
            len(text) <= (room if brief.speakers else limits.max_scene_chars)
            and estimate_seconds(text, locale) <= longest
        )

    def crumb(text: str) -> bool:
        return fits(text) and estimate_seconds(text, locale) < ideal / 8

    for paragraph in block.paragraphs:
        label, said = _unnamed(paragraph, brief)
        pieces = [
            piece
            for sentence in _pack(sentences(said), crumb)
            for piece in _pieces(sentence, _PARTING_SENTENCES, fits, crumb)
        ]
        for number, (text, parting) in enumerate(pieces):
            unit = _Unit(
                text, estimate_seconds(text, locale), parting, label=label, opens=not number
            )
            if number == len(pieces) - 1:
                unit = msgspec.structs.replace(
                    unit, text=text + "\n\n", parting=0.0, joining=_JOINING_PARAGRAPHS
                )
            yield unit


def _pack(pieces: list[str], fits: Callable[[str], bool]) -> list[str]:
    """Join neighbours for as long as they fit together."""
    packed: list[str] = []
    for piece in pieces:
        if packed and fits(packed[-1] + piece):
            packed[-1] += piece
        else:
            packed.append(piece)
    return packed


def _pieces(
    text: str, parting: float, fits: Callable[[str], bool], crumb: Callable[[str], bool]
) -> Iterator[tuple[str, float]]:
    """Yield text in pieces that fit, each with what it costs to end a scene after it."""
    if not fits(text):
        for cut, cost in _CUTS:
            parts = _pack(cut(text), crumb)
            if len(parts) > 1:
                for part in parts[:-1]:
                    yield from _pieces(part, cost, fits, crumb)
                yield from _pieces(parts[-1], parting, fits, crumb)
                return
    yield text, parting


def shown_words(heading: str, narration: str) -> str:
    """Return what to show of a scene as text: its heading, or how its narration begins."""
    text = heading or narration
    dense = sum(script_of(char) in _DENSE_SCRIPTS for char in text) * 2 > len(text)
    return phrase(text, _DENSE_WORDS_SHOWN if dense else _WORDS_SHOWN)


def _prompt(narration: str, *, title: str, about: str) -> str:
    parts = (
        f"A picture for a video called “{title}”." if title else "A picture for a video.",
        f"The video is about this: {about}." if about else "",
        f"Show what this line speaks of: {shorten(narration, 600)}",
        "No words, letters or captions in the picture.",
    )
    return "\n".join(part for part in parts if part)


def _is_visible(text: str) -> bool:
    """Tell whether text holds anything to see or say, rather than spaces and joiners alone."""
    return any(unicodedata.category(char)[0] in "LNPS" for char in text)
