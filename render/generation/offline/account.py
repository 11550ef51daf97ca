"""The offline provider: pictures, speech and music with neither key nor network.

It is the default where no provider is configured, and the last rung of every
chain. What it makes is recorded as provider `offline`.
"""

from render.generation.offline.cards import OfflineImages
from render.generation.offline.composer import OfflineMusic
from render.generation.offline.speech import OfflineSpeech

__all__ = ["OfflineImages", "OfflineMusic", "OfflineSpeech"]
