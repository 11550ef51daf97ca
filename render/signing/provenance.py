"""Where a finished video comes from, signed into the file after C2PA 2.x.

The manifest says what the whole is, names every ingredient that the storyboard
names, and how each came to be, where that is known: by a trained model or by a
rule (the source types are IPTC's). Of a picture out of a stock folder or an
editor's upload nobody here knows how it was made, so nothing is said unless the
file itself says it; whose it is and under which licence stands beside it. What
C2PA has no field for, the document, field and version an ingredient stems from,
stands in an assertion of our own.

Signing copies every box of the video as it is and puts one more before the
index, so fast start stays. It needs no network unless time stamps are asked for.
Two signatures of the same video differ in some bytes, since each assertion
carries a random salt: what has to be the same twice is to be kept, not signed
again.
"""

import enum
import importlib.metadata
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import c2pa
import msgspec

from render.disclosure import label_text
from render.errors import CompositionError, MediaError
from render.files import written_aside
from render.signing.credentials import Credentials
from render.source import Source
from render.storyboard import Ingredient, Role, Storyboard

INGREDIENTS = "dev.reelwright.ingredients"
"""The label of our own assertion."""

_TYPE = "video/mp4"
_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SOURCE_TYPES = {
    Source.MODEL: "trainedAlgorithmicMedia",
    Source.RULE: "algorithmicMedia",
    Source.STOCK: None,
    Source.UPLOAD: None,
}
"""IPTC's term for what each source makes; None where it makes nothing, but passes it on."""
_TRAINED = frozenset({"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"})
_SOFTWARE = frozenset({Source.MODEL, Source.RULE})
"""Sources whose `model` is a program; a stock picture's is its file's name."""
_LONGEST_TITLE = 1_000
"""Characters: players show one line of it, and a manifest of ten megabytes is not taken."""
_UNKNOWN_SIGNER = "signingCredential.untrusted"
_SETTINGS = {
    # Nothing is fetched; and `sign` reads back by itself, hashes included.
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
    # Pictures and sound are hashed in pieces of 8 MiB, whose hashes all stand in the manifest, and
    # what is copied goes through a file: 60 MiB for a video of 400 MB, which else took 815.
    "core": {
        "merkle_tree_chunk_size_in_kb": 8192,
        "merkle_tree_max_proofs": 0,
        "backing_store_memory_threshold_in_mb": 16,
    },
}


class Standing(enum.StrEnum):
    """What can be said of a signed video."""

    TRUSTED = "trusted"
    """Unaltered, and signed by somebody whom a known authority vouches for."""
    VALID = "valid"
    """Unaltered, and signed by nobody that is known here."""
    INVALID = "invalid"
    """Altered since, or wrongly signed."""


class Origin(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One ingredient and where it is used."""

    ingredient: Ingredient
    scene: str = ""
    """The scene's id; empty for what belongs to the whole video."""
    number: int = 0
    """The scene's number; 0 for the whole video."""


class _Origins(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    storyboard: str
    """The storyboard's digest."""
    locale: str
    origins: tuple[Origin, ...]
    label: str = ""
    """What it tells its viewers throughout; empty where nobody asked for that."""


class Provenance(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a video says about its own origin, and how far that can be believed."""

    standing: Standing
    title: str
    generator: str
    signer: str
    """The organisation that its certificate names."""
    storyboard: str
    """The digest of the storyboard it was made of."""
    origins: tuple[Origin, ...]
    label: str
    """The words in its picture that say it was made with AI; empty where there are none."""
    faults: tuple[str, ...]
    """C2PA's codes for what is wrong; empty unless the standing is `invalid`."""


def sign(video: Path, place: Path, *, storyboard: Storyboard, certificate: Credentials) -> None:
    """Write a video with its signed manifest to `place`, once it has been read back and believed.

    Raises `CompositionError` for credentials that C2PA does not take.
    """
    algorithm, chain, key = certificate.load()
    info = c2pa.C2paSignerInfo(algorithm, chain, key, certificate.timestamps or None)
    with video.open("rb") as source, written_aside(place) as part:
        try:
            with (
                c2pa.Signer.from_info(info) as signer,
                c2pa.Context.from_dict(_SETTINGS) as context,
                c2pa.Builder(_manifest(storyboard), context) as builder,
                part.open("w+b") as target,
            ):
                builder.sign(signer, _TYPE, source, target)
        except c2pa.C2paError as error:
            raise CompositionError(f"The video could not be signed: {error}.") from error
        if faults := read(part).faults:
            raise CompositionError(f"The signature is not valid: {', '.join(faults)}.")


def read(video: Path, *, anchors: Path | None = None) -> Provenance:
    """Return what a video's manifest says, checked against every byte of the file.

    `anchors`, as PEM, are certificates whose word is taken for a signer. Raises
    `MediaError` where there is no manifest, or none of ours.
    """
    trust = {"trust": {"trust_anchors": anchors.read_text()}} if anchors else {}
    try:
        with (
            c2pa.Context.from_dict(_SETTINGS | trust) as context,
            video.open("rb") as source,
            c2pa.Reader(_TYPE, source, context=context) as reader,
        ):
            report = json.loads(reader.json())
    except c2pa.C2paError as error:
        raise MediaError("The video holds no readable manifest of its origin.") from error
    manifest = report["manifests"][report["active_manifest"]]
    checked = report["validation_results"]["activeManifest"]
    assertions = {assertion["label"]: assertion["data"] for assertion in manifest["assertions"]}
    try:
        ours = msgspec.convert(assertions.get(INGREDIENTS), _Origins)
    except msgspec.ValidationError as error:
        raise MediaError("The video's manifest is not one of Reelwright's.") from error
    generator = manifest["claim_generator_info"][0]
    return Provenance(
        standing=Standing(report["validation_state"].lower()),
        title=manifest.get("title", ""),
        generator=f"{generator['name']} {generator.get('version', '')}".strip(),
        signer=manifest["signature_info"].get("issuer", ""),
        storyboard=ours.storyboard,
        origins=ours.origins,
        label=ours.label,
        faults=tuple(
            fault["code"] for fault in checked["failure"] if fault["code"] != _UNKNOWN_SIGNER
        ),
    )


def _manifest(storyboard: Storyboard) -> dict[str, Any]:
    origins = tuple(_origins(storyboard))
    named = [(f"ingredient-{number}", origin) for number, origin in enumerate(origins, start=1)]
    trained = any(_source_type(origin.ingredient) in _TRAINED for origin in origins)
    whole = "compositeWithTrainedAlgorithmicMedia" if trained else "composite"
    agent = {"name": "Reelwright", "version": importlib.metadata.version("reelwright")}
    created = {
        "action": "c2pa.created",
        "digitalSourceType": _SOURCE + whole,
        "softwareAgent": agent,
    }
    ours = _Origins(
        storyboard=storyboard.digest,
        locale=storyboard.locale,
        origins=origins,
        label=label_text(storyboard.locale) if storyboard.disclosure else "",
    )
    return {
        "claim_generator_info": [agent],
        "title": storyboard.title[:_LONGEST_TITLE],
        "ingredients": [
            {
                "label": label,
                "instance_id": f"{storyboard.digest}:{label}",
                "title": _title(origin),
                "description": _description(origin.ingredient),
                "relationship": "componentOf",
            }
            for label, origin in named
        ],
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "created": True,
                "data": {
                    "actions": [created, *(_ingredient_assertion(label, of) for label, of in named)]
                },
            },
            {"label": INGREDIENTS, "created": True, "data": msgspec.to_builtins(ours)},
        ],
    }


def _origins(storyboard: Storyboard) -> Iterator[Origin]:
    for ingredient in storyboard.ingredients:
        yield Origin(ingredient=ingredient)
    for number, scene in enumerate(storyboard.scenes, start=1):
        for ingredient in scene.ingredients:
            yield Origin(ingredient=ingredient, scene=scene.id, number=number)


def _ingredient_assertion(label: str, origin: Origin) -> dict[str, Any]:
    made_by = origin.ingredient
    placed: dict[str, Any] = {
        "action": "c2pa.placed",
        "parameters": {"ingredientIds": [label]},
    }
    if term := _source_type(made_by):
        placed["digitalSourceType"] = _SOURCE + term
    if made_by.model and made_by.origin in _SOFTWARE:
        placed["softwareAgent"] = {"name": made_by.model}
    return placed


def _source_type(ingredient: Ingredient) -> str | None:
    """Return IPTC's term for how an ingredient came about, or None where nobody knows."""
    if ingredient.credit.digital_source_type:
        return ingredient.credit.digital_source_type
    if ingredient.origin is Source.UPLOAD and ingredient.role is Role.TEXT:
        return "digitalCreation"  # typed by a person, in the CMS
    return _SOURCE_TYPES[ingredient.origin]


def _title(origin: Origin) -> str:
    where = f"Scene {origin.number}" if origin.number else "Video"
    return f"{where}: {origin.ingredient.role}"


def _description(ingredient: Ingredient) -> str:
    credit = ingredient.credit
    author = f"by {credit.author}" if credit.author else ""
    named = (ingredient.provider, ingredient.model, author, credit.licence)
    makers = ", ".join(filter(None, named)) or "brought by people"
    # Built-in music was chosen: it stands in for nothing.
    stands_in = ingredient.origin.placeholder and ingredient.role is not Role.MUSIC
    return f"A placeholder; {makers}" if stands_in else makers
