"""Voices by a provider's own names, and what to say when it does not have the one asked for."""

from render.problem import Problem


def unknown_voice(name: str, wanted: str, used: str) -> tuple[Problem, ...]:
    """Return what to say about a voice that a provider does not have."""
    if wanted in {"", used}:
        return ()
    return (
        Problem(
            code="voice_unknown",
            message=f"{name} has no voice called “{wanted}”; “{used}” speaks instead.",
            params={"voice": wanted},
        ),
    )
