"""Pictures and narrations for every scene: made once, kept at once, found again after a crash.

What people bring is laid there first, and costs nothing (`daemon.work.own_files`).

The still first, motion second: where a scene's motion is generated, its clip is
asked for once all pictures and narrations are there, and begins with that very
picture. Where no clip comes of it the camera moves over the picture, and a
warning says why (`daemon.work.motion`). So it is with the music of the whole film, which is
asked for by its length (`daemon.work.music`).
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import msgspec
from msgspec.structs import replace

from cms_bridge import assets, lexicons
from cms_bridge import references as cast_references
from cms_bridge.assets import WHOLE, AssetRecord, Condition, Place
from cms_bridge.errors import ApprovedCostReached
from cms_bridge.jobs import approvals
from cms_bridge.jobs.leases import Lease
from cms_bridge.ledger.meter import Ledger, open_ledger
from cms_bridge.pricing.made import MADE, brought_for, made_for
from cms_bridge.records import Stage
from cms_bridge.states import JobKind, StageName
from cms_bridge.storage.base import StorageError
from daemon.work import origins, own_files, references
from daemon.work.contention import retry_contended
from daemon.work.findings import all_warnings, merge, scene_numbers, scene_warnings
from daemon.work.motion import WAIT_SECONDS, Still, camera_instead, clips_of, motion_request
from daemon.work.music import built_in_instead, film_music, with_music
from daemon.work.progress import GENERATING, Reporter
from daemon.work.reuse import REMADE, UnusableAsset, as_generated, fetch_asset
from daemon.work.services import Services
from render.errors import RenderError
from render.generation.base import (
    ClipRequest,
    Generated,
    GenerationRecord,
    ImageRequest,
    Kind,
    MusicRequest,
    Reservation,
    SpeechRequest,
)
from render.generation.dialogue import joined
from render.generation.requests import (
    answer_digest,
    clip_request,
    digests,
    image_request,
    own_digest,
    own_digests,
    own_file,
    speech_request,
    whole_digest,
    with_references,
)
from render.problem import Problem
from render.pronunciation import Pronunciation
from render.storyboard import Ingredient, Motion, Scene, Storyboard

MediaRequest = ImageRequest | SpeechRequest | ClipRequest | MusicRequest


class GeneratedAssets(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in the assets directory once every scene has its media."""

    fallback: bool
    """Whether a model other than the one intended made any of it."""
    warnings: tuple[Problem, ...]
    ingredients: dict[str, tuple[Ingredient, ...]]
    """By scene id: where its picture, its narration and its clip come from; `WHOLE` for music."""
    records: tuple[AssetRecord, ...]
    camera: frozenset[str] = frozenset()
    """Ids of scenes whose motion was to be generated, and is the camera's."""
    music: str | None = None
    """The file of music that a model composed; None where none did or was to."""

    def shown(self, storyboard: Storyboard) -> Storyboard:
        """Return a storyboard as it can be shown with this."""
        return replace(
            with_music(storyboard, self.music),
            scenes=tuple(
                replace(scene, motion=Motion.ZOOM_IN) if scene.id in self.camera else scene
                for scene in storyboard.scenes
            ),
        )


async def generate_assets(  # noqa: C901, PLR0913 - what is made, where, and who is told
    lease: Lease,
    storyboard: Storyboard,
    directory: Path,
    *,
    services: Services,
    reporter: Reporter,
    kinds: Collection[Kind] = MADE,
    strict: bool = False,
) -> GeneratedAssets:
    """Fill a directory with `<scene id>.png`, `.wav` and `.mp4`, as the engine reads them.

    Music goes there under its own name. A clip or music that cannot be had is told in a
    warning, or raised (`strict`).

    Every paid call goes through the job's ledger. Raises `GenerationError`,
    `SpendCapReached`, `ApprovedCostReached` or `StorageError`; what was made
    until then is kept and found again.
    """
    await services.vault.recover(
        lease.job_id, before=lease.attempt, silence=services.charge_silence
    )
    await own_files.check(lease, storyboard, services)
    wanted = [
        (scene, kind)
        for scene in storyboard.scenes
        for kind in kinds
        if kind in made_for(scene) + brought_for(scene)
    ]
    asked = await cast_references.settled(lease.project, storyboard)
    generation = _Generation(
        lease=lease,
        storyboard=asked,
        directory=directory,
        services=services,
        ledger=await open_ledger(
            lease,
            caps=services.settings.caps,
            patience=services.settings.outage_patience,
        ),
        lexicon=await lexicons.of_project(lease.project),
        references=await references.read(
            lease,
            asked,
            [scene for scene, kind in wanted if kind is Kind.PICTURE],
            services,
        ),
        reporter=reporter,
    )
    records: list[AssetRecord] = []
    pending = {
        scene.id: sum(1 for other, _ in wanted if other is scene) for scene in storyboard.scenes
    }

    failures: list[Exception] = []
    fallbacks: dict[str, Problem] = {}
    music = storyboard.music
    composed = music is not None and bool(music.prompt) and Kind.MUSIC in kinds

    async def make(scene: Scene, kind: Kind) -> AssetRecord | None:
        async with _limit(services, lease, scene, kind):
            return None if failures else await generation.asset(scene, kind, records)

    async def make_and_report(scene: Scene, kind: Kind) -> None:
        try:
            # Nobody's turn is taken up by waiting for what another is just making.
            record = await retry_contended(lambda: make(scene, kind), longest=WAIT_SECONDS[kind])
        except (RenderError, StorageError) as error:
            if (
                _moving(scene, kind)
                and not strict
                and (told := camera_instead(error, last_try=lease.last_try))
            ):
                fallbacks[scene.id] = told
                await report(scene)
                return
            # Calls that are under way may be paid for already: they finish, none begins.
            failures.append(error)
            return
        if record is None:
            return
        records.append(record)
        await report(scene)

    async def compose() -> None:
        try:
            record = await retry_contended(
                lambda: generation.music(records), longest=WAIT_SECONDS[Kind.MUSIC]
            )
        except (RenderError, StorageError) as error:
            if not strict and (told := built_in_instead(error, last_try=lease.last_try)):
                fallbacks[WHOLE] = told
                await report(None)
                return
            failures.append(error)
            return
        records.append(record)
        await report(None)

    async def report(scene: Scene | None) -> None:
        if scene is not None:
            pending[scene.id] -= 1
        done = sum(1 for count in pending.values() if count == 0)
        await reporter.report(
            GENERATING,
            (len(records) + len(fallbacks)) / (len(wanted) + composed),
            scenes_done=done,
            fallback=any(record.medium.fallback for record in records),
            warnings=merge(lease.warnings, scene_warnings(storyboard, records, fallbacks)),
        )

    for step in (_brought, _made, _moving):
        async with anyio.create_task_group() as group:
            for scene, kind in wanted:
                if step(scene, kind):
                    group.start_soon(make_and_report, scene, kind)
            if step is _moving and composed and not failures:
                group.start_soon(compose)
    if failures and isinstance(failures[0], ApprovedCostReached):
        # One call did not fit; a person is asked once, for all that is left.
        prices = services.settings.prices
        raise await approvals.too_little(lease.job_id, failures[0], prices) from failures[0]
    if failures:
        raise failures[0]
    return GeneratedAssets(
        fallback=any(record.medium.fallback for record in records),
        warnings=all_warnings(storyboard, records, fallbacks),
        camera=frozenset(fallbacks) - {WHOLE},
        music=next((_name_of(record) for record in records if _is_composed(record)), None),
        records=tuple(records),
        ingredients=origins.of_scenes(storyboard, records, lease)
        | {WHOLE: origins.of_music([one for one in records if _is_composed(one)], lease)},
    )


@dataclass(frozen=True, kw_only=True)
class _Generation:
    """The making of one job's media."""

    lease: Lease
    storyboard: Storyboard
    directory: Path
    services: Services
    ledger: Ledger
    lexicon: Sequence[Pronunciation]
    references: Mapping[str, bytes]
    """Pictures of the cast, by their names."""
    reporter: Reporter

    async def asset(
        self, scene: Scene, kind: Kind, records: Collection[AssetRecord] = ()
    ) -> AssetRecord:
        """Lay one file into the directory: one that there is, or one made now.

        A clip is made of those `records` that there are of its scene.
        """
        place = Place(job=self.lease.job_id, scene_id=scene.id, kind=kind)
        request = await self._request(scene, kind, records)
        own = own_files.named(self.storyboard, scene, kind)
        if own is None:
            if isinstance(request, SpeechRequest):
                return await self._narration(place, request)
            return await self._medium(place, request)
        assert not isinstance(request, MusicRequest)  # noqa: S101 - no scene has music
        upload = await own_files.find(self.lease, own, self.services)
        digest = own_digest(self.storyboard, scene, kind, self.lexicon)
        found, _ = await self._usable(place, request, {digest})
        return found or await own_files.bring(
            own,
            upload,
            place,
            self.directory,
            request,
            lease=self.lease,
            digest=digest,
            services=self.services,
        )

    async def music(self, records: Collection[AssetRecord]) -> AssetRecord:
        """Have a film's music composed, as long as its narrations, which are among `records`."""
        spoken = {
            record.scene_id: record.medium.metadata.measures
            for record in records
            if record.kind is Kind.NARRATION
        }
        request = film_music(self.storyboard, spoken)
        assert request is not None  # noqa: S101 - whoever asks has looked
        place = Place(job=self.lease.job_id, scene_id=WHOLE, kind=Kind.MUSIC)
        async with self.services.clips:
            return await self._medium(place, request)

    async def _narration(self, place: Place, request: SpeechRequest) -> AssetRecord:
        """Have a narration spoken: each of its parts as one of its own, to be joined to it."""
        if not request.parts:
            return await self._medium(place, request)
        found, _ = await self._usable(place, request, digests(request))
        if found:
            return found
        answers: list[Generated] = []
        with TemporaryDirectory(prefix="reelwright-") as folder:
            for number, part in enumerate(request.parts):
                apart = Path(folder) / str(number)
                apart.mkdir()
                aside = dataclasses.replace(self, directory=apart)
                made = await aside._narration(place, part)  # noqa: SLF001 - its own
                answers.append(await as_generated(made, aside._path(place, made)))  # noqa: SLF001
        answer = await joined(request, answers)
        record = await self.services.vault.keep(
            answer, self.lease, place, digest=whole_digest(request), paid=None
        )
        await anyio.Path(self._path(place, record)).write_bytes(answer.data)
        return record

    async def _medium(self, place: Place, request: MediaRequest) -> AssetRecord:
        # By itself a clip is heard as it is; in a film it is muted.
        names = (own_digests if self.lease.kind is JobKind.CLIP else digests)(request)
        found, damaged = await self._usable(place, request, names)
        return found or await self._make(place, request, remade=damaged)

    async def _usable(
        self, place: Place, request: MediaRequest, request_digests: Collection[str]
    ) -> tuple[AssetRecord | None, bool]:
        """Return what there is already, if it can be used, and whether some was damaged."""
        damaged = False
        while found := await self._find(place, request_digests):
            try:
                return await self._reuse(place, found, request), damaged
            except UnusableAsset:
                damaged = True  # it is not found again
        return None, damaged

    async def _request(
        self, scene: Scene, kind: Kind, records: Collection[AssetRecord]
    ) -> MediaRequest:
        if kind is Kind.PICTURE:
            request = image_request(self.storyboard, scene)
            return with_references(request, self.references)
        if kind is Kind.NARRATION:
            spoken = speech_request(self.storyboard, scene, self.lexicon)
            return self.services.settings.prices.spoken(spoken)
        if own_file(scene, kind):
            return clip_request(self.storyboard, scene, seconds=0)
        stills = {
            record.scene_id: Still(record=record, path=self._path(record.place, record))
            for record in records
            if record.kind is Kind.PICTURE
        }
        spoken = next(
            (
                record.medium.metadata.measures
                for record in records
                if record.scene_id == scene.id and record.kind is Kind.NARRATION
            ),
            None,
        )
        return await motion_request(
            self.storyboard, scene, stills, spoken, prices=self.services.settings.prices
        )

    async def _find(self, place: Place, request_digests: Collection[str]) -> AssetRecord | None:
        found = await assets.at(place, request_digests) or await assets.find_asset(
            self.lease.project, request_digests
        )
        if found is None and self.lease.parent:
            # An export shows what its film does, placeholders too.
            of_film = replace(place, job=self.lease.parent)
            found = await assets.at(of_film, request_digests)
        return found

    async def _make(self, place: Place, request: MediaRequest, *, remade: bool) -> AssetRecord:
        await self.services.vault.check_room()
        kept: list[AssetRecord] = []

        async def keep(answer: GenerationRecord, paid: Reservation | None) -> None:
            if isinstance(answer, Generated):
                if remade:
                    answer = replace(answer, warnings=(*answer.warnings, REMADE))
                digest = answer_digest(request, placeholder=answer.source.placeholder)
                record = await self.services.vault.keep(
                    answer, self.lease, place, digest=digest, paid=paid
                )
                kept.append(record)

        async def announce(provider: str, model: str) -> None:
            await self.reporter.enter(
                Stage(
                    name=StageName(place.kind.value),
                    scene_id=place.scene_id,
                    scene=scene_numbers(self.storyboard).get(place.scene_id, 0),
                    provider=provider,
                    model=model,
                )
            )

        providers = self.services.providers.metered(
            self.ledger.scene(place.scene_id),
            keep=keep,
            guard=self.services.in_flight.guard_for(self.lease),
            announce=announce,
        )
        try:
            if isinstance(request, ImageRequest):
                answer = await providers.images.draw(request)
            elif isinstance(request, SpeechRequest):
                answer = await providers.speech.speak(request)
            elif isinstance(request, MusicRequest):
                answer = await providers.music.compose(request)
            else:
                answer = await clips_of(providers).animate(request)
        except RenderError as error:
            if number := scene_numbers(self.storyboard).get(place.scene_id):
                error.params.setdefault("scene", str(number))
            raise
        record = kept[-1]
        await anyio.Path(self._path(place, record)).write_bytes(answer.data)
        return record

    async def _reuse(self, place: Place, found: AssetRecord, request: MediaRequest) -> AssetRecord:
        """Take what the project has had made for the very same request: it costs nothing again.

        Raises `UnusableAsset`.
        """
        services = self.services
        findings = await fetch_asset(
            found,
            self._path(place, found),
            request,
            store=services.store,
            inspector=services.providers.inspector,
        )
        medium = replace(found.medium, condition=Condition.USABLE)
        if findings:
            metadata = replace(
                medium.metadata,
                warnings=(*medium.metadata.warnings, *findings.warnings),
                measures=findings.measures,
            )
            await assets.describe(found.id, metadata)
            medium = replace(medium, metadata=metadata)
        found = replace(found, medium=medium)
        if (found.job, found.scene_id) == (place.job, place.scene_id):
            return found
        copy = found.copied_to(place)
        await assets.record(copy)
        return copy

    def _path(self, place: Place, record: AssetRecord) -> Path:
        if place.kind is Kind.MUSIC:
            return self.directory / _name_of(record)
        return self.directory / f"{place.scene_id}{Path(record.medium.key).suffix}"


def _limit(services: Services, lease: Lease, scene: Scene, kind: Kind) -> anyio.CapacityLimiter:
    """Return what says how many such are made at once."""
    if lease.kind is JobKind.READING:
        return services.readings
    return services.clips if _moving(scene, kind) else services.generations


def _brought(scene: Scene, kind: Kind) -> bool:
    # First of all: what cannot be used ends the film before anything is paid for it.
    return own_file(scene, kind) is not None


def _made(scene: Scene, kind: Kind) -> bool:
    return kind is not Kind.CLIP and not _brought(scene, kind)


def _moving(scene: Scene, kind: Kind) -> bool:
    return kind is Kind.CLIP and not _brought(scene, kind)


def _name_of(music: AssetRecord) -> str:
    """Return the name of music's file, which follows from its bytes: no scene is called so."""
    suffix = assets.EXTENSIONS[music.medium.media_type]
    return f"{Path(music.medium.key).stem[:32]}.{suffix}"


def _is_composed(record: AssetRecord) -> bool:
    """Tell whether a model composed it: the engine plays the built-in music by its mood."""
    return record.kind is Kind.MUSIC and not record.medium.source.placeholder
