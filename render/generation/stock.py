"""Stock pictures: a folder of one's own, searched by words when no model can draw.

A picture goes by the words of its file name and of its caption, `boat.txt` or
`boat.jpg.txt` beside `boat.jpg`; its licence and whose it is stand in
`boat.license` or `boat.jpg.license`, as REUSE (https://reuse.software) has it.
How it came about is known only where its own XMP names IPTC's digital source
type. Words are compared by their stems in the request's language, and a word
counts the more the fewer pictures have it. The same folder and request always
give the same picture, cropped to the shape asked for, as JPEG.

Only headers are read until a picture has won. What is too large, too small, of no
type that a scene's picture may be, or a link to elsewhere is passed over.
"""

import functools
import io
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import cast

import anyio.to_thread
import msgspec
import numpy as np
import snowballstemmer
from PIL import Image, ImageOps

from render.decoding import decoding
from render.errors import RefusedGeneration, RenderError
from render.folder import SUFFIXES
from render.generation.base import Generated, ImageRequest
from render.pictures import deep
from render.pictures.still import (
    FORMATS,
    aperture_of,
    check_picture,
    picture_error,
    seen_size,
    set_upright,
)
from render.problem import Problem
from render.source import Credit, Source
from render.storyboard import AspectRatio, Role, clean_text

PROVIDER = "stock"

_SHARE_OF_REQUEST = 0.25
_SHARE_OF_PICTURE = 0.5
_PROMPT_WEIGHT = 2
"""What is to be drawn says more than what is spoken over it."""
_DECODED_AT_MOST = 3
"""Pictures that turn out to be broken before the search is given up."""
_CREDIT_CHARS = 200
_SOURCE_TYPE = re.compile(
    rb"DigitalSourceType[\s=>\"'a-z:]{1,30}"
    rb"https?://cv\.iptc\.org/newscodes/digitalsourcetype/(?P<term>[A-Za-z]{1,64})"
)
"""IPTC's property in an XMP packet, as an attribute, an element's text or a resource."""
_MODEL_CHARS = 128
"""What a record of a model's name holds."""

_SHAPES = {
    AspectRatio.LANDSCAPE: (2560, 1440),
    AspectRatio.PORTRAIT: (1440, 2560),
    AspectRatio.SQUARE: (1440, 1440),
}
"""Pixels of the result: room for the camera to zoom at 1080p."""

_LANGUAGES = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque",
    "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "st": "sesotho", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""The stemmer of each language that has one."""
_COMMON = frozenset(
    """
    a about all an and are as at be but by for from has have in into is it its no not of off on one
    or out over so some that the their then there these they this to up was we were with you your
    aber als am auch auf aus bei das dem den der des die du ein eine einem einen einer er es für hat
    ich ihr im ist mit nach nicht noch nur oder sich sie sind um und uns unter vom von vor war wenn
    wie wir wird zu zum zur über
    au aux avec ce ces cette dans de elle en est et il ils la le les leur lui mais ne nous ou par
    pas plus pour qu que qui sa se ses son sont sur un une vous
    al como con del el ella entre era esta este fue ha hay las lo los más muy para pero por sin
    sobre su sus una unos y ya
    background bild color colour dsc foto image imagen img jpeg jpg photo picture png webp
    """.split()  # noqa: SIM905 - a text is easier to read than two hundred quoted words
)
"""Words that do not say what is to be seen: English, German, French, Spanish, and cameras'."""
_WORD = re.compile(r"[^\W_]+")
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+"
)
"""Runs of Thai, Lao, Burmese, Khmer, Japanese and Chinese, which has no spaces between words."""


class StockLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at, and no more."""

    pictures: int = 5_000
    """Of one folder, the first by name."""
    file_bytes: int = 40 * 1024 * 1024
    pixels: int = 80_000_000
    short_side: int = 720
    """Pixels that must be left of the shorter side once the picture is cropped."""
    sidecar_bytes: int = 16 * 1024


class _Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One picture of the folder, as its name, size and sidecars tell of it."""

    path: Path
    text: str
    credit: Credit


class _Cropped(msgspec.Struct, frozen=True, kw_only=True):
    data: bytes
    """JPEG."""
    digital_source_type: str


class StockImages:
    """An `ImageModel` that draws nothing: it finds what fits in a folder."""

    def __init__(self, folder: Path, *, limits: StockLimits | None = None) -> None:
        """Take a folder; what is put into it later is found as well."""
        self._folder = folder
        self._limits = limits or StockLimits()
        self._at_once = anyio.CapacityLimiter(2)

    def price(self, request: ImageRequest) -> Decimal:  # noqa: ARG002 - the port asks for it
        """Return nothing: the pictures are there."""
        return Decimal(0)

    async def draw(self, request: ImageRequest) -> Generated:
        """Return the picture that fits best; raise `RefusedGeneration` where none does."""
        return await anyio.to_thread.run_sync(self._draw, request, limiter=self._at_once)

    def _draw(self, request: ImageRequest) -> Generated:
        try:
            pictures = list(_pictures(self._folder, self._limits))
        except OSError as error:
            raise RefusedGeneration(
                "The folder of stock pictures cannot be read.", reason=str(error)
            ) from error
        broken = 0
        for picture in _rank(request, pictures):
            try:
                cropped = _crop(picture.path, request.aspect_ratio, self._limits)
            except RenderError:
                broken += 1
                if broken == _DECODED_AT_MOST:
                    break
                continue
            if cropped is not None:
                return _result(picture, cropped)
        raise RefusedGeneration("No stock picture fits this scene.")


def _result(picture: _Picture, cropped: _Cropped) -> Generated:
    name = clean_text(picture.path.name)
    credit = msgspec.structs.replace(
        picture.credit, digital_source_type=cropped.digital_source_type
    )
    licence = credit.licence or "no licence is noted"
    return Generated(
        data=cropped.data,
        media_type="image/jpeg",
        provider=PROVIDER,
        model=name[:_MODEL_CHARS],
        source=Source.STOCK,
        credit=credit,
        warnings=(
            Problem(
                code="stock_used",
                message=f"A stock picture stands here: “{name}” ({licence}).",
                params={"file": name, "licence": credit.licence or "–"},
            ),
        ),
    )


def _pictures(folder: Path, limits: StockLimits) -> Iterator[_Picture]:
    """Yield the folder's pictures by name; only sizes and sidecars are read."""
    files = {
        path.name: path for path in folder.iterdir() if path.is_file() and not path.is_symlink()
    }
    names = [name for name in sorted(files) if Path(name).suffix.lower() in SUFFIXES[Role.PICTURE]]
    for name in names[: limits.pictures]:
        path = files[name]
        if not 0 < path.stat().st_size <= limits.file_bytes:
            continue
        caption, licence = (
            " ".join(
                _read(files[beside], limits.sidecar_bytes)
                for beside in (f"{path.stem}{kind}", f"{name}{kind}")
                if beside in files
            )
            for kind in (".txt", ".license")
        )
        yield _Picture(path=path, text=f"{path.stem} {caption}", credit=_credit_of(licence))


def _read(path: Path, limit: int) -> str:
    with path.open("rb") as file:
        return clean_text(file.read(limit).decode(errors="replace"))


def _credit_of(text: str) -> Credit:
    """Return what a sidecar says: by SPDX's tags, else its first line is the licence."""
    tagged = {
        tag: ", ".join(
            dict.fromkeys(said.strip() for said in re.findall(rf"{tag}:[ \t]*(.+)", text))
        )
        for tag in ("SPDX-License-Identifier", "SPDX-FileCopyrightText")
    }
    licence, author = tagged.values()
    if not licence and not author and text:
        licence = text.splitlines()[0]
    return Credit(author=author[:_CREDIT_CHARS], licence=licence[:_CREDIT_CHARS])


def _digital_source_type(picture: Image.Image) -> str:
    """Return what the file's own XMP says of how it came about; empty where it says nothing."""
    packet = picture.info.get("xmp") or b""
    match = _SOURCE_TYPE.search(packet if isinstance(packet, bytes) else str(packet).encode())
    return match["term"].decode() if match else ""


def _rank(request: ImageRequest, pictures: list[_Picture]) -> list[_Picture]:
    """Return the pictures that fit, the best first; equal ones by name.

    A picture fits if it has a quarter of what is to be drawn, or if more than
    half of what it is called is asked for.
    """
    wanted = _terms(request.prompt or request.text or request.title, request.locale)
    spoken = _terms(request.text, request.locale) - wanted
    picture_terms = [_terms(picture.text, request.locale) for picture in pictures]
    spread = Counter(term for terms in picture_terms for term in terms)

    def weight(terms: frozenset[str]) -> float:
        # Summed in one order, since floats are: the result must not hang on a set's.
        return math.fsum(sorted(math.log(1 + len(pictures) / (1 + spread[term])) for term in terms))

    ranked: list[tuple[float, float, str, _Picture]] = []
    for picture, terms in zip(pictures, picture_terms, strict=True):
        hits = weight(terms & wanted)
        heard = weight(terms & spoken)
        share = (hits + heard) / (weight(terms) or 1)
        if hits and (
            hits >= _SHARE_OF_REQUEST * weight(wanted) or hits > _SHARE_OF_PICTURE * weight(terms)
        ):
            ranked.append((-_PROMPT_WEIGHT * hits - heard, -share, picture.path.name, picture))
    return [picture for *_, picture in sorted(ranked, key=lambda row: row[:3])]


@functools.lru_cache(maxsize=20_000)
def _terms(text: str, locale: str) -> frozenset[str]:
    """Return the stems of a text's telling words; of unspaced scripts, pairs of characters.

    A Chinese character may be a whole word, so it counts by itself too.
    """
    folded = unicodedata.normalize("NFC", clean_text(text).casefold())
    runs: list[str] = _UNSPACED.findall(folded)
    pairs = {run[at : at + 2] for run in runs for at in range(max(1, len(run) - 1))}
    pairs.update(_IDEOGRAPH.findall(folded))
    spaced = _UNSPACED.sub(" ", folded)
    words = sorted(
        {_without_accents(word) for word in _WORD.findall(spaced) if word not in _COMMON}
    )
    return frozenset(pairs.union(_stems(words, locale)))


def _without_accents(word: str) -> str:
    """Return a word without the accents on Latin letters: file names often go without."""
    apart = unicodedata.normalize("NFKD", word)
    return unicodedata.normalize("NFC", _LATIN_ACCENTS.sub("", apart))


def _stems(words: list[str], locale: str) -> list[str]:
    language = _LANGUAGES.get(re.split("[-_]", locale.lower())[0])
    if language is None:
        return words
    # A stemmer keeps its word in itself, so each thread needs one of its own.
    return cast("list[str]", snowballstemmer.stemmer(language).stemWords(words))


def _crop(path: Path, shape: AspectRatio, limits: StockLimits) -> _Cropped | None:
    """Return the middle of a picture in a shape; None if it is too large or too small."""
    wanted = _SHAPES[shape]
    check_picture(path, max_pixels=limits.pixels)
    with (
        decoding(picture_error(None), "is damaged"),
        Image.open(path, formats=FORMATS) as picture,
    ):
        across, down = seen_size(path, picture)
        cut = min(across / wanted[0], down / wanted[1])
        if cut * min(wanted) < limits.short_side:
            return None
        source_type = _digital_source_type(picture)
        profile = picture.info.get("icc_profile") if picture.mode in {"RGB", "RGBA"} else None
        aperture = aperture_of(path, picture)
        deeper = deep.read(path, picture, enough=wanted, aperture=aperture)
        if deeper is None:
            # A JPEG can be decoded at a fraction of its size; for others this does nothing.
            picture.draft("RGB", (max(wanted), max(wanted)))
            upright = _opaque(set_upright(picture, aperture))
        else:
            upright = Image.fromarray(np.rint(deeper.rgb).astype(np.uint8))
            profile = None if deeper.managed else profile
        fitted = ImageOps.fit(upright, wanted, Image.Resampling.LANCZOS)
    kept = io.BytesIO()
    fitted.save(kept, "JPEG", quality=92, subsampling=0, icc_profile=profile)
    return _Cropped(data=kept.getvalue(), digital_source_type=source_type)


def _opaque(picture: Image.Image) -> Image.Image:
    """Return a picture in RGB; what is transparent shows white, as in a browser."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    rgba = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
