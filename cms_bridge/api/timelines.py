"""`/api/v1/jobs/{id}/timeline`: a film as a player in a browser shows it before it exists.

`/api/v1/jobs/{id}/readings` has its narrations read aloud for that. `/api/v1/fonts` has what its
words are set in, `/api/v1/beds` the built-in music.
"""

import functools
import hashlib
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import anyio
import anyio.to_thread
import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath, JSONBody, QueryParameter
from starlette.responses import Response as FileAnswer

from cms_bridge.access.callers import Action
from cms_bridge.access.keys import Whose, needs
from cms_bridge.api.conditions import ETAG, UNCHANGED, tagged
from cms_bridge.api.contract import UNFILMABLE, terms
from cms_bridge.api.ranges import file_answer
from cms_bridge.api.resources import resource
from cms_bridge.errors import (
    JobNotFound,
    MediumNotFound,
    NoFreeVoice,
    RangeNotSatisfiable,
    StoryboardNotReady,
)
from cms_bridge.jobs import previews, readings
from cms_bridge.jobs.readings import Reading, ReadingState
from cms_bridge.pricing.estimates import Prices
from cms_bridge.settings import BridgeSettings
from render.preview.beds import MEDIA_TYPE, bed_file
from render.preview.document import TimelinePreview
from render.preview.planning import plan_preview
from render.storyboard import (
    AspectRatio,
    CaptionStyle,
    Mood,
    Music,
    Scene,
    Solid,
    Storyboard,
    TextStyle,
    Transition,
)
from render.words.faces import FOLDER

_FONT = "font/sfnt"

_EXAMPLE = plan_preview(
    Storyboard(
        title="Sourdough",
        scenes=(
            Scene(
                id="s1",
                narration="The first loaf leaves the oven at five.",
                picture_prompt="A baker lifts a loaf out of a wood-fired oven",
                on_screen_text="Bread\nEvery morning",
                text_style=TextStyle.TITLE,
                transition=Transition.FADE,
            ),
            Scene(id="s2", duration=3, background=Solid(colour="#14213d")),
        ),
        captions=CaptionStyle.BOX,
        music=Music(file="morning.mp3"),
    ),
    {},
    aspect_ratio=AspectRatio.LANDSCAPE,
)


@get(
    "/{job_id:uuid}/timeline",
    opt=terms(JobNotFound, StoryboardNotReady, *UNFILMABLE) | needs(Action.READ),
    summary="A film before it exists",
    response_headers=[ETAG],
    responses={
        HTTPStatus.OK: ResponseSpec(
            TimelinePreview,
            generate_examples=False,
            description="As it would be filmed now",
            examples=[Example(summary="Nothing is made yet", value=_EXAMPLE)],
        ),
        HTTPStatus.NOT_MODIFIED: UNCHANGED,
    },
)
async def get_timeline(
    request: Request[Any, Any, Any],
    job_id: FromPath[UUID],
    settings: NamedDependency[BridgeSettings],
    prices: NamedDependency[Prices],
    aspect_ratio: Annotated[
        AspectRatio | None,
        QueryParameter(
            name="aspectRatio",
            description="The shape to lay it out in; the storyboard's own where none is given.",
        ),
    ] = None,
) -> Response[TimelinePreview]:
    """Return scenes, moves, transitions, words and sound with their times.

    They are the engine's, to the frame and the sample, wherever a narration is spoken already;
    of the others the length is guessed and `estimated` says so. 409 until there is a storyboard.
    """
    preview = await previews.preview(
        job_id, aspect_ratio=aspect_ratio, limits=settings.limits, prices=prices
    )
    return tagged(request, preview.body, etag=f'"{preview.digest}"')


class EditedStoryboard(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A storyboard that is being written."""

    storyboard: Storyboard


class ReadingOrder(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What is to be read."""

    storyboard: Storyboard | None = None
    """As it is being written; null for the job's own."""


@post(
    "/{job_id:uuid}/timeline",
    status_code=HTTPStatus.OK,
    opt=terms(JobNotFound, *UNFILMABLE) | needs(Action.READ),
    summary="A film before its storyboard is saved",
    responses={
        HTTPStatus.OK: ResponseSpec(
            TimelinePreview, generate_examples=False, description="As it would be filmed"
        )
    },
)
async def preview_edit(
    job_id: FromPath[UUID],
    data: JSONBody[EditedStoryboard],
    settings: NamedDependency[BridgeSettings],
    prices: NamedDependency[Prices],
) -> Response[bytes]:
    """Lay out a storyboard as it is typed; nothing is kept of it, and nothing is paid."""
    preview = await previews.preview(
        job_id,
        aspect_ratio=None,
        limits=settings.limits,
        prices=prices,
        edited=data.storyboard,
    )
    return Response(preview.body, media_type=MediaType.JSON)


@post(
    "/{job_id:uuid}/readings",
    status_code=HTTPStatus.OK,
    opt=terms(JobNotFound, StoryboardNotReady, NoFreeVoice, *UNFILMABLE) | needs(Action.WRITE),
    summary="A film's narrations, read by a free voice",
    responses={
        HTTPStatus.OK: ResponseSpec(
            Reading,
            generate_examples=False,
            description="How far that is",
            examples=[
                Example(summary="Just begun", value=Reading(state=ReadingState.UNDER_WAY, left=2))
            ],
        )
    },
)
async def read_aloud(
    job_id: FromPath[UUID],
    data: JSONBody[ReadingOrder],
    settings: NamedDependency[BridgeSettings],
) -> Reading:
    """Have every narration that is not spoken yet read by a voice that costs nothing.

    Timelines then have it as a narration's `reading`, with its length and the times of its words;
    the film never has. Ask again until it is `ready`, every second or so: what was read is not
    read again, and a text that is asked for while another is read is read after it. 409
    `no_free_voice` where no daemon has a voice for the language.
    """
    return await readings.read(
        job_id,
        limits=settings.limits,
        edited=data.storyboard,
        rest=timedelta(seconds=settings.reading_rest_seconds),
    )


@get(
    "/",
    opt=terms(MediumNotFound, RangeNotSatisfiable, files=(_FONT,))
    | needs(Action.READ, whose=Whose.NOBODYS),
    summary="A font that films are set in",
)
async def get_font(
    request: Request[Any, Any, Any],
    file: Annotated[str, QueryParameter(max_length=64, description="One of a timeline's `faces`.")],
) -> FileAnswer:
    """Return a font's file: a player sets words in it as the engine does."""
    etag = (await anyio.to_thread.run_sync(_fonts)).get(file)
    if etag is None:
        raise MediumNotFound("There is no such font.", file=file)
    return await file_answer(
        request,
        FOLDER / file,
        etag=etag,
        media_type=_FONT,
        headers={"Cache-Control": "private, max-age=86400"},
    )


@get(
    "/",
    opt=terms(RangeNotSatisfiable, files=(MEDIA_TYPE,)) | needs(Action.READ, whose=Whose.NOBODYS),
    summary="The built-in music of a mood",
)
async def get_bed(
    request: Request[Any, Any, Any],
    mood: Annotated[Mood, QueryParameter(description="A timeline's `music.mood`.")],
) -> FileAnswer:
    """Return music that is repeated under a film: a player plays what the engine will."""
    return await file_answer(
        request,
        bed_file(mood),
        etag=await anyio.to_thread.run_sync(_bed_etag, mood),
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "private, max-age=86400"},
    )


@functools.cache
def _bed_etag(mood: Mood) -> str:
    return f'"{hashlib.sha256(bed_file(mood).read_bytes()).hexdigest()}"'


@functools.cache
def _fonts() -> dict[str, str]:
    """Return the entity tag of each font, by its file's name."""
    return {
        path.name: f'"{hashlib.sha256(path.read_bytes()).hexdigest()}"'
        for path in FOLDER.glob("*.[ot]tf")
    }


routers = (
    *resource("/api/v1/jobs", [get_timeline, preview_edit, read_aloud], tag="jobs"),
    *resource("/api/v1/fonts", [get_font], tag="jobs"),
    *resource("/api/v1/beds", [get_bed], tag="jobs"),
)
