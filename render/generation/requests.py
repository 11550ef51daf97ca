"""What providers are asked for a scene, and the digest that names the question."""

import hashlib
import json

import msgspec

from render.generation.base import ImageRequest, SpeechRequest, TextRequest
from render.storyboard import Scene, Storyboard


def image_request(storyboard: Storyboard, scene: Scene) -> ImageRequest:
    """Return what to ask for a scene's picture."""
    return ImageRequest(
        prompt=scene.picture_prompt,
        text=scene.on_screen_text or scene.narration,
        title=storyboard.title,
        scene_number=storyboard.scenes.index(scene) + 1,
        scene_count=len(storyboard.scenes),
        style=storyboard.style,
        locale=storyboard.locale,
        aspect_ratio=storyboard.aspect_ratio,
        palette=storyboard.palette,
    )


def speech_request(storyboard: Storyboard, scene: Scene) -> SpeechRequest:
    """Return what to ask for a scene's narration."""
    return SpeechRequest(text=scene.narration, locale=storyboard.locale, voice=storyboard.voice)


def request_digest(request: ImageRequest | SpeechRequest | TextRequest) -> str:
    """Return the SHA-256, in hex, of everything that is asked."""
    try:
        asked = msgspec.json.encode(request, order="sorted")
    except UnicodeEncodeError:  # half a surrogate pair has no UTF-8
        asked = json.dumps(msgspec.to_builtins(request), sort_keys=True).encode()
    return hashlib.sha256(asked).hexdigest()
