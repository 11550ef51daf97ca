"""What providers are asked for a scene, and the digests that name the question.

A picture's question has two names. `request_digest` covers what a paid model is
sent and nothing else, so that a scene that moves, or a video that is given
another title, finds the pictures it has. `whole_digest` covers the rest of the
request too, of which a designed card is made.

What people bring is asked of nobody. It has a name of the same kind (`own_digest`), of which
those things follow that are made of it: its measures, and a clip that begins with it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from render.cast import Look
from render.casting import cast_of, without_marks
from render.generation.base import (
    ClipRequest,
    Figure,
    ImageRequest,
    Kind,
    MusicRequest,
    ReferencePicture,
    SpeechRequest,
    TextRequest,
)
from render.generation.clip_models import ClipModel
from render.generation.music_models import SongModel
from render.generation.picture_models import PictureModel
from render.generation.prices import Price, clip_price, image_price, music_price
from render.generation.prompts import clip_prompt, look_with, music_prompt, picture_prompt
from render.languages import estimate_seconds
from render.own import OwnFile
from render.placing import Pacing
from render.pronunciation import Pronunciation, occurring
from render.storyboard import Scene, Storyboard, TextStyle, clean_text

_PACING = Pacing()
_LATER: dict[str, object] = {
    "take": 0,
    "speed": 1.0,
    "pronunciations": (),
    "turns": (),
    "passages": (),
    "look": msgspec.to_builtins(Look()),
    "cast": (),
}
"""Fields of a request that there were not always, and what they are where nothing is asked."""

Request = ImageRequest | SpeechRequest | ClipRequest | MusicRequest | TextRequest
"""Whatever a model is asked."""


def image_request(storyboard: Storyboard, scene: Scene) -> ImageRequest:
    """Return what to ask for a scene's picture."""
    return ImageRequest(
        prompt=without_marks(scene.picture_prompt, storyboard.cast),
        text=scene.on_screen_text or storyboard.spoken(scene),
        lettered=scene.text_style is not TextStyle.NONE and bool(clean_text(scene.on_screen_text)),
        title=storyboard.title,
        scene_number=storyboard.scenes.index(scene) + 1,
        scene_count=len(storyboard.scenes),
        style=storyboard.style,
        locale=storyboard.locale,
        aspect_ratio=storyboard.aspect_ratio,
        palette=storyboard.palette,
        take=scene.picture_take,
        look=storyboard.look or Look(),
        cast=tuple(
            Figure(
                name=member.name,
                kind=member.kind,
                description=member.description,
                references=tuple(
                    ReferencePicture(name=reference_name(file)) for file in member.references
                ),
            )
            for member in cast_of(storyboard, scene)
        ),
    )


def reference_name(file: OwnFile) -> str:
    """Return the SHA-256, in hex, that names a reference picture in what a model is asked.

    An upload's id names its content for ever; a file of the CMS is named so until it is fetched.
    """
    return _sha256({"reference": file})


def speech_request(
    storyboard: Storyboard, scene: Scene, lexicon: Sequence[Pronunciation] = ()
) -> SpeechRequest:
    """Return what to ask for a scene's narration, whose project says words as a lexicon has it."""
    asked = [
        SpeechRequest(
            text=turn.text,
            locale=storyboard.locale,
            voice=(turn.speaker.voice if turn.speaker else "") or storyboard.voice,
            take=scene.narration_take,
            speed=storyboard.speed_of(scene),
            pronunciations=occurring(lexicon, turn.text, storyboard.locale),
        )
        for turn in storyboard.turns_of(scene)
    ]
    if len(asked) == 1:
        return asked[0]
    return replace(
        asked[0],
        text=storyboard.spoken(scene),
        voice="",
        pronunciations=(),
        turns=tuple(asked),
    )


def clip_request(
    storyboard: Storyboard,
    scene: Scene,
    *,
    seconds: float,
    ends_with_next: bool = False,
    sounds: bool = False,
) -> ClipRequest:
    """Return what to ask for a scene's motion, but for the stills themselves.

    `sounds` tells whether it can be had with sound, where the scene wants that.
    """
    following = next_shown(storyboard, scene) if ends_with_next else None
    return ClipRequest(
        prompt=without_marks(
            clean_text(scene.motion_prompt) or clean_text(scene.picture_prompt), storyboard.cast
        ),
        still=_picture_digest(storyboard, scene),
        next_still=_picture_digest(storyboard, following) if following else "",
        seconds=seconds,
        aspect_ratio=storyboard.aspect_ratio,
        look=look_with(storyboard.look or Look(), storyboard.style),
        sound=sounds and scene.clip_sound,
    )


def _picture_digest(storyboard: Storyboard, scene: Scene) -> str:
    own = own_digest(storyboard, scene, Kind.PICTURE)
    return own or request_digest(image_request(storyboard, scene))


def own_file(scene: Scene, kind: Kind) -> OwnFile | None:
    """Return what people bring for a scene; None where it is to be made, or not there at all."""
    if kind is Kind.PICTURE:
        return scene.picture
    if kind is Kind.NARRATION:
        return scene.narration_file
    if kind is Kind.CLIP and scene.clip:
        return scene.clip.own
    return None


def own_digest(
    storyboard: Storyboard, scene: Scene, kind: Kind, lexicon: Sequence[Pronunciation] = ()
) -> str:
    """Return the SHA-256, in hex, that names what people bring for a scene; empty for nothing.

    A recording's covers the words that are said in it, and which of them are said otherwise than
    written: when each is said, and whether all are, is measured with it.
    """
    own = own_file(scene, kind)
    if own is None:
        return ""
    said: dict[str, object] = {}
    if kind is Kind.NARRATION:
        text = clean_text(storyboard.spoken(scene))
        said = {"text": text, "locale": storyboard.locale}
        if pairs := occurring(lexicon, text, storyboard.locale):
            said["pronunciations"] = pairs
    return _sha256({"own": own, **said})


def next_shown(storyboard: Storyboard, scene: Scene) -> Scene | None:
    """Return the next scene if it shows a picture of its own."""
    later = storyboard.scenes[storyboard.scenes.index(scene) + 1 :]
    return later[0] if later and not (later[0].background or later[0].clip) else None


def picture_cost(price: Price, model: PictureModel, request: ImageRequest) -> Decimal:
    """Return what one model charges for a picture at most."""
    shown = min(len(request.references), model.most)
    return image_price(price, picture_prompt(request), pictures=shown)


def makes_sound(price: Price, model: ClipModel) -> bool:
    """Tell whether one model can be asked for clips with sound, at a price that is known."""
    return model.always_sounds or bool(model.sound_field and price.per_second_with_sound)


def clip_cost(price: Price, model: ClipModel, request: ClipRequest) -> Decimal:
    """Return what one model charges for a clip at most."""
    between = bool(request.next_still and model.last)
    return clip_price(
        price,
        model.legal_seconds(request.seconds, between=between),
        text=clip_prompt(request),
        pictures=1 + between,
        sound=request.sound and makes_sound(price, model),
    )


def music_request(storyboard: Storyboard, *, seconds: float) -> MusicRequest | None:
    """Return what to ask for a film's music; None where none is to be composed."""
    music = storyboard.music
    return MusicRequest(prompt=music.prompt, seconds=seconds) if music and music.prompt else None


def music_cost(price: Price, model: SongModel, request: MusicRequest) -> Decimal:
    """Return what one model charges for a piece of music at most."""
    return music_price(price, model.legal_seconds(request.seconds))


def expected_seconds(storyboard: Storyboard, scene: Scene, *, times: float = 1.0) -> float:
    """Return how long a scene is likely to last, with a voice so many times as slow as usual."""
    text = clean_text(storyboard.spoken(scene))
    said = times * estimate_seconds(text, storyboard.locale) / storyboard.speed_of(scene)
    spoken = _air(scene) + said if text else 0.0
    if scene.duration is not None:
        return max(scene.duration, spoken)
    return spoken or float(_PACING.silent_scene)


def film_seconds(storyboard: Storyboard, *, times: float = 1.0) -> float:
    """Return how long a film is likely to last, with a voice so many times as slow as usual."""
    return sum(expected_seconds(storyboard, scene, times=times) for scene in storyboard.scenes)


def heard_seconds(scene: Scene, narration: float | None) -> float:
    """Return how long a scene lasts whose narration, if it has one, was measured."""
    spoken = _air(scene) + narration if narration else 0.0
    if scene.duration is not None:
        return max(scene.duration, spoken)
    return spoken or float(_PACING.silent_scene)


def _air(scene: Scene) -> float:
    return float(_PACING.lead_in + _PACING.tail) + scene.pause_after


def request_digest(request: Request) -> str:
    """Return the SHA-256, in hex, of what a paid model is asked."""
    if isinstance(request, ImageRequest):
        asked: dict[str, object] = {
            "picture": picture_prompt(request),
            "aspect_ratio": request.aspect_ratio.value,
        }
        if request.references:
            asked["references"] = [one.name for one in request.references]
        return _sha256(asked | ({"take": request.take} if request.take else {}))
    if isinstance(request, ClipRequest):
        # Not its length: words that are changed do not buy the same motion again.
        between = {"last": request.next_still} if request.next_still else {}
        sound = {"sound": True} if request.sound else {}
        return _sha256(
            {
                "clip": clip_prompt(request),
                "first": request.still,
                "aspect_ratio": request.aspect_ratio.value,
                **between,
                **sound,
            }
        )
    if isinstance(request, MusicRequest):
        # Nor is music bought again because a word was changed: it is repeated, or ends sooner.
        return _sha256({"music": music_prompt(request)})
    return whole_digest(request)


def whole_digest(request: Request) -> str:
    """Return the SHA-256, in hex, of everything that is known of what is wanted."""
    if isinstance(request, ClipRequest | MusicRequest):
        return request_digest(request)
    if isinstance(request, TextRequest):
        return _sha256(request)
    if isinstance(request, SpeechRequest):
        if request.turns:
            return _sha256({"turns": [whole_digest(turn) for turn in request.turns]})
        # However a long text is cut, it is the same narration.
        request = replace(request, passages=())
    # What asks for nothing of it is known by the name that it had before there were such fields.
    if isinstance(request, ImageRequest):
        request = without_bytes(request)
    wanted = msgspec.to_builtins(request)
    return _sha256({name: value for name, value in wanted.items() if _LATER.get(name) != value})


def without_bytes(request: ImageRequest) -> ImageRequest:
    """Return a request whose references are named and not there: by that it is known."""
    return with_references(request, {})


def with_references(request: ImageRequest, pictures: Mapping[str, bytes]) -> ImageRequest:
    """Return a request with its reference pictures, which are given by their names."""
    return msgspec.structs.replace(
        request,
        cast=tuple(
            msgspec.structs.replace(
                figure,
                references=tuple(
                    ReferencePicture(name=one.name, data=pictures.get(one.name, b""))
                    for one in figure.references
                ),
            )
            for figure in request.cast
        ),
    )


def own_digests(request: Request) -> frozenset[str]:
    """Return the names under which an answer to this very request may be kept."""
    return frozenset((request_digest(request), whole_digest(request)))


def digests(request: Request) -> frozenset[str]:
    """Return every name under which an answer that serves a film's request may be kept."""
    names = own_digests(request)
    if isinstance(request, ClipRequest) and not request.sound:
        # One with sound shows the same; it is not heard.
        return names | {request_digest(replace(request, sound=True))}
    return names


def answer_digest(request: Request, *, placeholder: bool) -> str:
    """Return the name to keep an answer under: a placeholder's follows from the whole request."""
    return whole_digest(request) if placeholder else request_digest(request)


def _sha256(question: object) -> str:
    try:
        encoded = msgspec.json.encode(question, order="sorted")
    except UnicodeEncodeError:  # half a surrogate pair has no UTF-8
        encoded = json.dumps(msgspec.to_builtins(question), sort_keys=True).encode()
    return hashlib.sha256(encoded).hexdigest()
