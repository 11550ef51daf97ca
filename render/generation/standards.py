"""What pictures and speech are held to before they are kept. Light: no media library is loaded."""

import msgspec


class Standards(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer is held to."""

    picture_pixels: int = 50_000_000
    """More are not decoded, however few bytes they come in."""
    enlargement_refused: float = 8.0
    """Times a picture would have to be enlarged to fill 1080p, above which it is of no use: one of
    less than 240 × 135 pixels, for a film in 16:9."""
    enlargement_told: float = 2.0
    """Times above which somebody is told of it: below 960 × 540."""
    speech_times: float = 4.0
    """How often the estimated length of its text, and `speech_slack`, speech may last."""
    speech_slack: float = 10.0
    """Seconds."""
    speech_share: float = 0.125
    """Of the estimated length of its text, which speech lasts at the least."""
