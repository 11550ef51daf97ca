"""Readings: what a film's narrations sound like before anybody has paid for them.

The animatic plays them. A free voice reads each narration that nobody has spoken yet, in a job
of a kind of its own: so leases, ledger, assets and erasure hold for it as for any other, at no
price and behind whatever else its project wants made. A film never takes what was read for
one of its narrations, unless it asks for that very voice.

A video has one reading, whose id follows from its own. It is of what was asked for last:

    while it waits      it is to read that instead of what it was asked for before
    while it is read    whoever wants another text read asks again once it is done
    once it has ended   it begins again, with whatever is left to be read
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from cms_bridge import assets, clock, lexicons, voices
from cms_bridge.assets import AssetRecord
from cms_bridge.database import transaction
from cms_bridge.errors import JobNotFound, NoFreeVoice, StoryboardNotReady
from cms_bridge.jobs import approvals, moves
from cms_bridge.jobs.moves import NO_ERROR, WAKE_GRACE
from cms_bridge.pricing.made import made_for
from cms_bridge.records import JobRecord
from cms_bridge.states import JobKind, Origin, Priority, Status
from cms_bridge.tables import Job
from render.generation.base import Kind
from render.generation.requests import digests, speech_request
from render.generation.voices import ANY_FREE, FREE, provider_of
from render.problem import Problem
from render.pronunciation import Pronunciation
from render.storyboard import Brief, Limits, Scene, Solid, Storyboard

_BY = "animatic"
_NOTHING_SEEN = Solid(colour="#000000")
_BRIEF = msgspec.json.encode(Brief(title="")).decode()


class ReadingState(StrEnum):
    """How far a reading is."""

    READY = "ready"
    """All is spoken or read: timelines have it."""
    UNDER_WAY = "under_way"
    """A voice reads it, or will in a moment: ask again."""
    FAILED = "failed"
    """It came to nothing; it may be asked for again in a minute."""


class Reading(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How far the reading of a film's narrations is."""

    state: ReadingState
    left: int
    """Narrations that are neither spoken nor read."""
    error: Problem | None = None
    """Why it failed."""


def read_by(storyboard: Storyboard, scenes: Collection[Scene]) -> Storyboard:
    """Return what of some scenes is read, and by whom: by a free voice, where they ask for none."""
    return Storyboard(
        title=storyboard.title,
        locale=storyboard.locale,
        voice=_free(storyboard.voice),
        speakers=tuple(
            replace(speaker, voice=speaker.voice and _free(speaker.voice))
            for speaker in storyboard.speakers
        ),
        speed=storyboard.speed,
        scenes=tuple(
            Scene(
                id=scene.id,
                narration=scene.narration,
                speed=scene.speed,
                background=_NOTHING_SEEN,
            )
            for scene in scenes
        ),
    )


async def found(
    job: JobRecord,
    storyboard: Storyboard,
    scenes: Collection[Scene],
    lexicon: Sequence[Pronunciation],
) -> dict[str, AssetRecord]:
    """Return what was read of some scenes of a video, by their ids."""
    if not scenes:
        return {}
    return await _spoken(job.project, id_of(job.id), read_by(storyboard, scenes), lexicon)


async def read(
    video: UUID,
    *,
    limits: Limits,
    edited: Storyboard | None = None,
    rest: timedelta = timedelta(minutes=1),
) -> Reading:
    """Have all that a free voice has not read yet of a video read, and tell how far that is.

    `edited` is read in place of its storyboard; what has failed is not begun again for a `rest`.
    Raises `JobNotFound` for what is no video,
    `StoryboardNotReady`, `NoFreeVoice`, and what `Storyboard.check` raises.
    """
    job = await moves.find(video)
    if job.kind is not JobKind.VIDEO:
        raise JobNotFound("Only a video has narrations.")
    if (storyboard := edited or job.storyboard) is None:
        raise StoryboardNotReady("This job has no storyboard yet.", status=job.status.value)
    storyboard.check(limits)
    left = await _left(job, storyboard)
    if not left:
        return Reading(state=ReadingState.READY, left=0)
    if not await voices.free_for(storyboard.locale):
        raise NoFreeVoice(
            f"No free voice speaks the language “{storyboard.locale}”.",
            language=storyboard.locale,
        )
    error = await _begin(job, read_by(storyboard, left), rest)
    state = ReadingState.FAILED if error else ReadingState.UNDER_WAY
    return Reading(state=state, left=len(left), error=error)


def id_of(video: UUID) -> UUID:
    """Return the id of a video's reading, which there may not be yet."""
    return uuid5(video, "reading")


def _free(voice: str) -> str:
    return voice if provider_of(voice) in FREE else ANY_FREE


async def _left(job: JobRecord, storyboard: Storyboard) -> list[Scene]:
    """Return the scenes whose narrations are neither spoken nor read."""
    lexicon = await lexicons.of_project(job.project)
    wanted = [scene for scene in storyboard.scenes if Kind.NARRATION in made_for(scene)]
    if not wanted:
        return []
    narrated = replace(storyboard, scenes=tuple(wanted))
    spoken = await _spoken(job.project, job.id, narrated, lexicon)
    unspoken = [scene for scene in wanted if scene.id not in spoken]
    there = await found(job, storyboard, unspoken, lexicon)
    return [scene for scene in unspoken if scene.id not in there]


async def _spoken(
    project: str, job: UUID, storyboard: Storyboard, lexicon: Sequence[Pronunciation]
) -> dict[str, AssetRecord]:
    asked = {
        (scene.id, Kind.NARRATION): digests(speech_request(storyboard, scene, lexicon))
        for scene in storyboard.scenes
    }
    there: Mapping[tuple[str, Kind], AssetRecord] = await assets.of_scenes(project, job, asked)
    return {scene: asset for (scene, _), asset in there.items()}


async def _begin(job: JobRecord, board: Storyboard, rest: timedelta) -> Problem | None:
    """Have a storyboard read, now or next; return why that was in vain a moment ago."""
    async with transaction():
        # Whoever asks at the same time finds it.
        await Job.update({Job.sequence: Job.sequence + 0}).where(Job.id == job.id)
        row = await Job.select(*Job.all_columns()).where(Job.id == id_of(job.id)).first()
        if row is None:
            await moves.begin(_job(job, board))
            await Job.update(_approval(board)).where(Job.id == id_of(job.id))
            return None
        reading = JobRecord.of(row)
        match reading.status:
            case Status.GENERATING:
                pass
            case Status.APPROVED:
                # A worker that has taken it meanwhile reads what it took.
                await Job.update({**_texts(board), Job.approved_digest: board.digest}).where(
                    Job.id == reading.id,
                    Job.status == Status.APPROVED,
                    Job.attempt == reading.attempt,
                )
            case Status.FAILED if _is_resting(reading, board, rest):
                return reading.error
            case _:
                again = {
                    Job.progress: 0,
                    Job.scenes_done: 0,
                    Job.wake_at: clock.now() + WAKE_GRACE,
                    **NO_ERROR,
                }
                texts = {**_texts(board), **_approval(board)}
                await moves.move(reading.id, Status.APPROVED, {**texts, **again})
    return None


def _is_resting(reading: JobRecord, board: Storyboard, rest: timedelta) -> bool:
    same = reading.storyboard_digest == board.digest
    return same and reading.updated_at > clock.now() - rest


def _approval(board: Storyboard) -> dict[Any, Any]:
    """Return what lets it begin and nothing be spent: nobody approves it, so none is recorded."""
    return approvals.on_job(board.digest, by=_BY, bound=Decimal(0))


def _texts(board: Storyboard) -> dict[Any, Any]:
    return {
        Job.storyboard_data: msgspec.json.encode(board).decode(),
        Job.storyboard_digest: board.digest,
        Job.scenes_total: len(board.scenes),
    }


def _job(video: JobRecord, board: Storyboard) -> Job:
    now = clock.now()
    return Job(
        id=id_of(video.id),
        kind=JobKind.READING,
        parent=video.id,
        origin=Origin.API,
        project=video.project,
        video_id=video.video_id,
        submission=0,
        version=video.version,
        priority=Priority.LOW.rank,
        title=video.title,
        brief=_BRIEF,
        status=Status.APPROVED,
        storyboard_data=msgspec.json.encode(board).decode(),
        storyboard_digest=board.digest,
        scenes_total=len(board.scenes),
        sequence=1,
        wake_at=now + WAKE_GRACE,
        created_at=now,
        updated_at=now,
    )
