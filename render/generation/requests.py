"""What providers are asked for a scene, and the digests that name the question.

A picture's question has two names. `request_digest` covers what a paid model is
sent and nothing else, so that a scene that moves, or a video that is given
another title, finds the pictures it has. `whole_digest` covers the rest of the
request too, of which a designed card is made.
"""

import hashlib
import json

import msgspec

from render.generation.base import ImageRequest, SpeechRequest, TextRequest
from render.generation.prompts import picture_prompt
from render.storyboard import Scene, Storyboard, TextStyle, clean_text


def image_request(storyboard: Storyboard, scene: Scene) -> ImageRequest:
    """Return what to ask for a scene's picture."""
    return ImageRequest(
        prompt=scene.picture_prompt,
        text=scene.on_screen_text or scene.narration,
        lettered=scene.text_style is not TextStyle.NONE and bool(clean_text(scene.on_screen_text)),
        title=storyboard.title,
        scene_number=storyboard.scenes.index(scene) + 1,
        scene_count=len(storyboard.scenes),
        style=storyboard.style,
        locale=storyboard.locale,
        aspect_ratio=storyboard.aspect_ratio,
        palette=storyboard.palette,
        take=scene.picture_take,
    )


def speech_request(storyboard: Storyboard, scene: Scene) -> SpeechRequest:
    """Return what to ask for a scene's narration."""
    return SpeechRequest(
        text=scene.narration,
        locale=storyboard.locale,
        voice=storyboard.voice,
        take=scene.narration_take,
    )


def request_digest(request: ImageRequest | SpeechRequest | TextRequest) -> str:
    """Return the SHA-256, in hex, of what a paid model is asked."""
    if isinstance(request, ImageRequest):
        asked = {"picture": picture_prompt(request), "aspect_ratio": request.aspect_ratio.value}
        return _sha256(asked | ({"take": request.take} if request.take else {}))
    return whole_digest(request)


def whole_digest(request: ImageRequest | SpeechRequest | TextRequest) -> str:
    """Return the SHA-256, in hex, of everything that is known of what is wanted."""
    if isinstance(request, TextRequest) or request.take:
        return _sha256(request)
    # What was asked for once only is known by the name that it had before there were takes.
    wanted = msgspec.to_builtins(request)
    del wanted["take"]
    return _sha256(wanted)


def digests(request: ImageRequest | SpeechRequest) -> frozenset[str]:
    """Return every name under which an answer to a request may be kept."""
    return frozenset((request_digest(request), whole_digest(request)))


def answer_digest(request: ImageRequest | SpeechRequest, *, placeholder: bool) -> str:
    """Return the name to keep an answer under: a placeholder's follows from the whole request."""
    return whole_digest(request) if placeholder else request_digest(request)


def _sha256(question: object) -> str:
    try:
        encoded = msgspec.json.encode(question, order="sorted")
    except UnicodeEncodeError:  # half a surrogate pair has no UTF-8
        encoded = json.dumps(msgspec.to_builtins(question), sort_keys=True).encode()
    return hashlib.sha256(encoded).hexdigest()
