"""Helping: an idle daemon encodes segments of a film that another one holds.

Whoever holds a film's job invites as many daemons as there are to help, through arq, with all that
its segments are made of; what is made lies in the store for all. An invitation that is lost, late
or declined costs nothing but time, and a helper that dies its segment.
"""

import shutil
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import anyio
import anyio.to_thread
import msgspec
import structlog
from redis.exceptions import RedisError

from cms_bridge.assets import WHOLE, AssetRecord
from cms_bridge.errors import DatabaseError
from cms_bridge.jobs import turns, workers
from cms_bridge.records import Output
from cms_bridge.states import Lane, Status
from cms_bridge.tables import Job
from daemon.errors import first_error
from daemon.work.claiming import Share
from daemon.work.engine import encode_segments
from daemon.work.reuse import read_whole
from daemon.work.services import Services
from daemon.work.words import keep_words
from daemon.work.workspace import cache_directory
from render import tracebacks
from render.storyboard import Limits, Storyboard

log = structlog.get_logger()

_FEWEST = 4
"""Segments for each daemon that encodes: fewer are done before another has begun."""


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """All that the segments of a film are made of, as it travels over the queue."""

    job: UUID
    attempt: int
    host: str
    """The worker that holds the job."""
    storyboard: Storyboard
    """As it is shown."""
    limits: Limits
    output: Output
    quality: str
    records: tuple[AssetRecord, ...]
    wanted: tuple[str, ...]
    """Names of segments that nobody has made yet."""
    logo: str = ""
    """The key of one's own logo; empty where there is none."""


async def invite(invitation: Invitation, services: Services) -> None:
    """Ask the daemons that there are to help with a film, if it is long enough."""
    most = min(services.settings.fan_out_daemons, len(invitation.wanted) // _FEWEST - 1)
    if most < 1:
        return
    others = [
        one
        for one in await workers.workers()
        if one.alive and not one.draining and one.jobs and one.id != invitation.host
    ]
    if not others:
        return
    told = msgspec.json.encode(invitation).decode()
    try:
        await services.queue.ask_for_help(told, times=min(most, len(others)))
    except (RedisError, OSError) as error:
        log.warning("help.not_asked", reason=tracebacks.summary(error))


class Helpers:
    """The invitations that this daemon has accepted: each takes a place of composition."""

    def __init__(self, services: Services) -> None:
        """Take what films are made with."""
        self._services = services

    def accept(self, told: str) -> None:
        """Help with a film, if there is a place."""
        services = self._services
        if (
            services.pieces is None
            or services.in_flight.draining
            or not services.composing.free_slots
        ):
            return
        services.composing.start(self._help(msgspec.json.decode(told, type=Invitation)))

    async def _help(self, invitation: Invitation) -> None:
        services = self._services
        directory = services.settings.work_directory.absolute() / str(invitation.job)
        directory /= f"help-{uuid4().hex[:8]}"
        with (
            structlog.contextvars.bound_contextvars(job_id=str(invitation.job)),
            services.in_flight.attempt(seconds=services.task_seconds) as scope,
            scope,
        ):
            try:
                if await self._go_on(invitation):
                    await self._encode_while_held(invitation, directory)
            except Exception as error:  # noqa: BLE001 - the film is made without
                log.warning("help.failed", reason=tracebacks.summary(first_error(error)))
            finally:
                shutil.rmtree(directory, ignore_errors=True)

    async def _encode_while_held(self, invitation: Invitation, directory: Path) -> None:
        """Encode, but not for a job that is no worker's any more, or another's."""
        every = self._services.settings.heartbeat_seconds

        async def watch() -> None:
            with self._services.stops.of(invitation.job) as bell:
                while True:
                    await bell.wait(every)
                    with suppress(DatabaseError):  # the next look may tell
                        if not await _is_held(invitation):
                            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            await self._encode(invitation, directory)
            group.cancel_scope.cancel()

    async def _encode(self, invitation: Invitation, directory: Path) -> None:
        services, settings = self._services, self._services.settings
        assert services.pieces  # noqa: S101 - else nothing was accepted
        await self._lay_out(invitation, directory)
        share = Share(services.pieces, go_on=lambda: self._go_on(invitation))
        async with services.renders, share.kept_alive():
            made = await encode_segments(
                [
                    *(str(directory / "storyboard.json"), str(directory / "wanted.json")),
                    *("--assets", str(directory / "assets")),
                    *("--cache", str(cache_directory(settings.work_directory))),
                    *("--cache-size", str(settings.render_cache_mebibytes)),
                    *("--workers", str(settings.render_threads)),
                    *("--limits", str(directory / "limits.json")),
                    *("--quality", invitation.quality),
                    *("--profile", invitation.output.quality.value),
                    *("--codec", invitation.output.format.value),
                    *("--fps", str(invitation.output.fps)),
                ],
                stderr_file=directory / "engine.log",
                pieces=share,
            )
        log.info("help.finished", encoded=made.encoded, wanted=len(invitation.wanted))

    async def _lay_out(self, invitation: Invitation, directory: Path) -> None:
        """Lay out what the engine needs as it lies where the job is held."""
        assets = directory / "assets"
        await anyio.Path(assets).mkdir(parents=True)
        for name, content in (
            ("storyboard.json", invitation.storyboard),
            ("limits.json", invitation.limits),
            ("wanted.json", invitation.wanted),
        ):
            await anyio.Path(directory / name).write_bytes(msgspec.json.encode(content))
        places = anyio.CapacityLimiter(self._services.settings.concurrent_uploads)

        async def fetch(key: str, name: str) -> None:
            async with places:
                await read_whole(key, assets / name, self._services.store)

        async with anyio.create_task_group() as group:
            for record in invitation.records:
                if record.scene_id != WHOLE:  # music is in no segment
                    # As its own key has it: what people bring is of more types than models make.
                    key = record.medium.key
                    group.start_soon(fetch, key, f"{record.scene_id}{Path(key).suffix}")
            logo = invitation.storyboard.logo
            if invitation.logo and logo and logo.file:
                group.start_soon(fetch, invitation.logo, logo.file)
        await anyio.to_thread.run_sync(
            keep_words,
            invitation.storyboard,
            invitation.records,
            cache_directory(self._services.settings.work_directory),
        )

    async def _go_on(self, invitation: Invitation) -> bool:
        """Tell whether the film is still being encoded, and no other waits for this place."""
        if self._services.in_flight.draining:
            return False
        return await _is_held(invitation) and not await turns.next_in(Lane.COMPOSITION, limit=1)


async def _is_held(invitation: Invitation) -> bool:
    return await Job.exists().where(
        Job.id == invitation.job,
        Job.attempt == invitation.attempt,
        Job.status == Status.COMPOSING,
    )
