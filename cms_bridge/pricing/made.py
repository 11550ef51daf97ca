"""What is made for a film, for a scene and by a job: what is priced is what is generated."""

from cms_bridge.states import JobKind
from render.generation.base import Kind
from render.generation.requests import own_file
from render.storyboard import Motion, Scene

MADE = (Kind.PICTURE, Kind.NARRATION, Kind.CLIP, Kind.MUSIC)
"""What a film is made of."""


def made_by(job: JobKind) -> tuple[Kind, ...]:
    """Return what is made for the scenes of a job: of a medium only what was asked for."""
    match job:
        case JobKind.VIDEO | JobKind.EXPORT:
            return MADE
        case JobKind.IMAGE:
            return (Kind.PICTURE,)
        case JobKind.SPEECH | JobKind.READING:
            return (Kind.NARRATION,)
        case JobKind.MUSIC:
            return (Kind.MUSIC,)
        case JobKind.CLIP:
            return (Kind.PICTURE, Kind.CLIP)


def brought_for(scene: Scene) -> tuple[Kind, ...]:
    """Return what people bring for a scene, which is never charged."""
    return tuple(kind for kind in MADE if own_file(scene, kind))


def made_for(scene: Scene) -> tuple[Kind, ...]:
    """Return what is made for a scene: what is priced is what is generated."""
    brought = brought_for(scene)
    shown = scene.background is not None or Kind.CLIP in brought
    picture = () if shown else (Kind.PICTURE,)
    narration = (Kind.NARRATION,) if scene.narration.strip() else ()
    clip = (Kind.CLIP,) if scene.motion is Motion.GENERATED else ()
    return tuple(kind for kind in picture + narration + clip if kind not in brought)
