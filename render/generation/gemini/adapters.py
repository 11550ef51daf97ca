"""An account with Gemini and the adapters of its models: whoever loads them loads Google's SDK.

That takes two seconds of a processor and some 50 MB, so it is left to those who have a key.
"""

from render.generation.gemini.account import Gemini
from render.generation.gemini.image import GeminiImages
from render.generation.gemini.interactions import Interactions
from render.generation.gemini.music import GeminiMusic
from render.generation.gemini.speech import GeminiSpeech
from render.generation.gemini.text import GeminiText
from render.generation.gemini.video import GeminiVideo

__all__ = [
    "Gemini",
    "GeminiImages",
    "GeminiMusic",
    "GeminiSpeech",
    "GeminiText",
    "GeminiVideo",
    "Interactions",
]
