"""Sentences, clauses, words and characters as a reader of any script sees them.

Every splitter returns slices that, joined, are its input again: nothing is
lost, moved or invented. Sentence ends are those of Latin, Greek, Cyrillic,
CJK, Arabic, Devanagari and their neighbours; Thai, which has none, is cut at
its spaces. Rules and no model: a wrong cut here costs a scene a second, so
the speed, the absence of dependencies and the law above weigh more than the
last per cent of accuracy.
"""

import re
import unicodedata
from collections.abc import Iterator

ELLIPSIS = "…"

# One match per run of full stops: the look-behind keeps a long "....." linear.
_END = re.compile(
    r"""(?<![.!?…])[.!?…]+["'”’»›)\]]*(?=\s)\s+"""
    r"""|[。！？｡]+[」』”’）】]*\s*"""
    r"""|[؟۔।॥።։။។]+["”»)]*\s*"""
)
_CLAUSE_END = re.compile(
    r"[,;:،؛][\"”’»]*\s+|[、，；：]+\s*|\s[—–-]\s+|—\s*|(?<=[\u0e00-\u0e7f])\s+"
)
_WORD = re.compile(r"\s*\S+\s*")
_LAST_TOKEN = re.compile(r"(\S{1,16})[.][\"'”’»›)\]]*\s*$")

# Words that are written with a full stop without ending a sentence.
_ABBREVIATIONS = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "etc", "al", "approx", "dept"}
    | {"inc", "ltd", "mt", "ft", "capt", "gen", "lt", "sgt", "rev", "cf", "eds", "e.g", "i.e"}
    | {"a.m", "p.m", "u.s", "u.k", "bzw", "ca", "z.b", "d.h", "u.a", "usw", "mme", "mlle", "sra"}
    | {"dra", "ud", "uds", "ee.uu", "sig", "dott", "ecc", "т.е", "т.д", "т.п", "ул", "им"}
)
_BEFORE_NUMBERS = frozenset({"no", "nos", "nr", "fig", "figs", "vol", "p", "pp", "art", "n"})
_LONGEST_ORDINAL = 2
_LONGEST_CLUSTER = 64


def sentences(text: str) -> list[str]:
    """Cut text after each sentence, its trailing space included."""
    return _cut(text, (m.end() for m in _END.finditer(text) if _ends_here(text, m)))


def clauses(text: str) -> list[str]:
    """Cut text after each clause: at commas, semicolons, dashes and Thai spaces."""
    return _cut(text, (m.end() for m in _CLAUSE_END.finditer(text)))


def words(text: str) -> list[str]:
    """Cut text after each run of white space."""
    return _WORD.findall(text)


def clusters(text: str) -> list[str]:
    """Cut text into what a reader calls characters.

    Combining marks, joined emoji, skin tones, flags and Hangul syllables stay
    whole. Clusters longer than 64 code points, which no script has, are cut.
    """
    return _cut(text, _cluster_ends(text))


def shorten(text: str, at_most: int) -> str:
    """Return text in at most so many code points, an ellipsis standing for what is left out.

    The cut is between words where that keeps at least half the room, and
    between whole characters otherwise.
    """
    text = " ".join(text.split())
    if len(text) <= at_most:
        return text
    room = at_most - len(ELLIPSIS)
    whole = _fill(words(text), room)
    if len(whole) < room / 2:
        whole = _fill(clusters(text), room)
    return whole.rstrip().rstrip(",;:،؛、，；：—–-") + ELLIPSIS if room > 0 else ""


def phrase(text: str, at_most: int) -> str:
    """Return the most telling short phrase of text, without its final comma or full stop.

    That is the first sentence that fits, or else the longest run of clauses
    inside one sentence; what fills less than a fifth of the room says too
    little. Where none fits, the beginning is shortened.
    """
    text = " ".join(text.split())
    if len(text) <= at_most:
        return _bare(text)
    cut = sentences(text)
    runs = [run for sentence in cut for run in _runs(clauses(sentence), at_most)]
    longest = max(runs, key=lambda run: run[1], default=("", 0.0))[0]
    for candidate in (*map(_bare, cut), longest):
        if at_most / 5 <= len(candidate) <= at_most:
            return candidate
    return shorten(text, at_most)


def _runs(pieces: list[str], at_most: int) -> Iterator[tuple[str, float]]:
    """Yield, from each piece on, as many neighbours as fit together, with their weight."""
    for start in range(len(pieces)):
        run = ""
        for piece in pieces[start:]:
            if len(_bare(run + piece)) > at_most:
                break
            run += piece
        # What opens a sentence stands alone better than what begins with "and".
        weight = len(run) * (1.15 if start == 0 else 1.0)
        yield _bare(run[:1].upper() + run[1:]), weight


def _bare(part: str) -> str:
    part = part.strip()
    if part.endswith(".."):
        return part
    return part.rstrip(",;:،؛、，；：—–-.。।۔").rstrip() or part


def _cut(text: str, ends: Iterator[int]) -> list[str]:
    pieces: list[str] = []
    start = 0
    for end in (*ends, len(text)):
        if end > start:
            pieces.append(text[start:end])
            start = end
    return pieces


def _ends_here(text: str, match: re.Match[str]) -> bool:
    """Tell a sentence's end from an abbreviation, an initial or an ordinal."""
    mark = match[0].rstrip()
    if mark[0] not in ".!?…":
        return True
    following = text[match.end() : match.end() + 1]
    if following.islower():
        return False
    token = _LAST_TOKEN.search(text, max(0, match.start() - 16), match.end())
    if mark[:2] in {"..", ".!", ".?"} or token is None:
        return True
    word = token[1].lstrip("\"'“‘«(").lower()
    is_initial = len(word) == 1 and word.isalpha() and word != "i"
    is_ordinal = word.isdigit() and len(word) <= _LONGEST_ORDINAL
    is_counted = word in _BEFORE_NUMBERS and following.isdigit()
    return not (is_initial or is_ordinal or is_counted or word in _ABBREVIATIONS)


def _cluster_ends(text: str) -> Iterator[int]:
    start, flags = 0, 0
    for i in range(1, len(text)):
        before, char = text[i - 1], text[i]
        flags = flags + 1 if _is_flag_half(before) else 0
        joined = (
            char == "\u200d"
            or (before == "\u200d" and i - 1 > start)
            or unicodedata.category(char) in {"Mn", "Mc", "Me"}
            or "\U0001f3fb" <= char <= "\U0001f3ff"
            or "\u1160" <= char <= "\u11ff"  # Hangul vowels and finals follow their initial
            or (_is_flag_half(char) and flags % 2 == 1)
        )
        if not joined or i - start >= _LONGEST_CLUSTER:
            yield i
            start = i


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _fill(pieces: list[str], room: int) -> str:
    """Join as many leading pieces as the room holds, not counting final white space."""
    filled = ""
    for piece in pieces:
        if len((filled + piece).rstrip()) > room:
            break
        filled += piece
    return filled
