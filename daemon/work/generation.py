"""Pictures and narrations for every scene: made once, kept at once, found again after a crash."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import anyio
import msgspec
from msgspec.structs import replace

from cms_bridge import assets
from cms_bridge.assets import Condition, Metadata, Place, Row
from cms_bridge.errors import ApprovedCostReached
from cms_bridge.jobs import approvals
from cms_bridge.jobs.leases import Lease
from cms_bridge.ledger.meter import Ledger, open_ledger
from cms_bridge.pricing.estimates import MADE, made_for
from cms_bridge.storage.base import StorageError
from cms_bridge.tables import Asset
from daemon.work.progress import GENERATING, Reporter
from daemon.work.reuse import REMADE, Unusable, fetch
from daemon.work.services import Services
from daemon.work.waiting import once_free
from render.errors import RenderError
from render.generation.base import (
    Generated,
    ImageRequest,
    Kind,
    Made,
    Reservation,
    SpeechRequest,
)
from render.generation.requests import answer_digest, digests, image_request, speech_request
from render.problem import Problem
from render.source import Source
from render.storyboard import Ingredient, Role, Scene, Storyboard


class GeneratedAssets(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in the assets directory once every scene has its media."""

    fallback: bool
    """Whether a model other than the one intended made any of it."""
    warnings: tuple[Problem, ...]
    ingredients: dict[str, tuple[Ingredient, ...]]
    """By scene id: where its picture and its narration come from."""


async def generate_assets(  # noqa: PLR0913 - what is made, where, and who is told
    lease: Lease,
    storyboard: Storyboard,
    directory: Path,
    *,
    services: Services,
    reporter: Reporter,
    kinds: Collection[Kind] = MADE,
) -> GeneratedAssets:
    """Fill a directory with `<scene id>.png` and `<scene id>.wav`, as the engine reads them.

    Every paid call goes through the job's ledger. Raises `GenerationError`,
    `SpendCapReached`, `ApprovedCostReached` or `StorageError`; what was made
    until then is kept and found again.
    """
    await services.vault.recover(lease.job_id, before=lease.attempt)
    generation = _Generation(
        lease=lease,
        storyboard=storyboard,
        directory=directory,
        services=services,
        ledger=await open_ledger(lease, caps=services.settings.caps),
    )
    wanted = [
        (scene, kind) for scene in storyboard.scenes for kind in kinds if kind in made_for(scene)
    ]
    rows: list[Row] = []
    left = {
        scene.id: sum(1 for other, _ in wanted if other is scene) for scene in storyboard.scenes
    }

    failures: list[Exception] = []

    async def one(scene: Scene, kind: Kind) -> Row | None:
        async with services.generations:
            return None if failures else await generation.asset(scene, kind)

    async def each(scene: Scene, kind: Kind) -> None:
        try:
            # Nobody's turn is taken up by waiting for what another is just making.
            row = await once_free(lambda: one(scene, kind))
        except (RenderError, StorageError) as error:
            # Calls that are under way may be paid for already: they finish, none begins.
            failures.append(error)
            return
        if row is None:
            return
        rows.append(row)
        left[scene.id] -= 1
        done = sum(1 for count in left.values() if count == 0)
        await reporter.report(GENERATING, len(rows) / len(wanted), scenes_done=done)

    async with anyio.create_task_group() as group:
        for scene, kind in wanted:
            group.start_soon(each, scene, kind)
    if failures and isinstance(failures[0], ApprovedCostReached):
        # One call did not fit; a person is asked once, for all that is left.
        prices = services.settings.prices
        raise await approvals.too_little(lease.job_id, failures[0], prices) from failures[0]
    if failures:
        raise failures[0]
    return GeneratedAssets(
        fallback=any(row["model_used"] != row["model_intended"] for row in rows),
        warnings=_warnings(storyboard, rows),
        ingredients={
            scene.id: tuple(
                _ingredient(row, lease)
                for row in sorted(rows, key=lambda row: str(row["kind"]), reverse=True)
                if row["scene_id"] == scene.id
            )
            for scene in storyboard.scenes
        },
    )


@dataclass(frozen=True, kw_only=True)
class _Generation:
    """The making of one job's media."""

    lease: Lease
    storyboard: Storyboard
    directory: Path
    services: Services
    ledger: Ledger

    async def asset(self, scene: Scene, kind: Kind) -> Row:
        """Lay one file into the directory: the job's own, the project's, or one made now."""
        place = Place(job=self.lease.job_id, scene_id=scene.id, kind=kind)
        request: ImageRequest | SpeechRequest = (
            image_request(self.storyboard, scene)
            if kind is Kind.PICTURE
            else speech_request(self.storyboard, scene)
        )
        names = digests(request)
        lost = False
        while known := await assets.at(place, names) or await assets.find_asset(
            self.lease.project, names
        ):
            try:
                return await self._reuse(place, known, request)
            except Unusable:
                lost = True  # it is not found again
        made = await self._make(place, request, remade=lost)
        row = await assets.at(place, names)
        if row is None:
            raise LookupError("What was made was not written down.")
        await anyio.Path(self._path(row)).write_bytes(made.data)
        return row

    async def _make(
        self, place: Place, request: ImageRequest | SpeechRequest, *, remade: bool
    ) -> Generated:
        async def keep(made: Made, paid: Reservation | None) -> None:
            if isinstance(made, Generated):
                if remade:
                    made = replace(made, warnings=(*made.warnings, REMADE))
                digest = answer_digest(request, placeholder=made.source.placeholder)
                await self.services.vault.keep(made, self.lease, place, digest=digest, paid=paid)

        providers = self.services.providers.metered(
            self.ledger.scene(place.scene_id),
            keep=keep,
            guard=self.services.in_flight.calls_of(self.lease),
        )
        try:
            if isinstance(request, ImageRequest):
                return await providers.images.draw(request)
            return await providers.speech.speak(request)
        except RenderError as error:
            error.params.setdefault("scene", str(_numbers(self.storyboard)[place.scene_id]))
            raise

    async def _reuse(self, place: Place, known: Row, request: ImageRequest | SpeechRequest) -> Row:
        """Take what the project has had made for the very same request: it costs nothing again.

        Raises `Unusable`.
        """
        path = self._path({**known, "scene_id": place.scene_id})
        services = self.services
        said = await fetch(
            known, path, request, store=services.store, inspector=services.providers.inspector
        )
        if said:
            noted = _made(known)
            noted = replace(noted, warnings=(*noted.warnings, *said))
            written = msgspec.json.encode(noted).decode()
            await Asset.update({Asset.generation_metadata: written}).where(Asset.id == known["id"])
            known = {**known, "generation_metadata": written}
        known = {**known, "condition": Condition.USABLE}
        if (known["job"], known["scene_id"]) == (place.job, place.scene_id):
            return known
        row: Row = {
            **known,
            "id": uuid4(),
            "job": place.job,
            "scene_id": place.scene_id,
            "cost": Decimal(0),
            "created_at": datetime.now(UTC),
        }
        await Asset.insert(Asset(**row))
        return row

    def _path(self, row: Row) -> Path:
        return self.directory / f"{row['scene_id']}.{assets.EXTENSIONS[row['media_type']]}"


_FIELDS = {Kind.PICTURE: "picturePrompt", Kind.NARRATION: "narration"}


def _ingredient(row: Row, lease: Lease) -> Ingredient:
    kind = Kind(row["kind"])
    return Ingredient(
        role=Role(kind.value),
        provider=row["provider"],
        model=row["model_used"],
        prompt_hash=row["request_digest"],
        document=lease.video_id,
        field=f"scenes.{row['scene_id']}.{_FIELDS[kind]}",
        version=lease.version,
        source=Source(row["source"]),
        credit=_made(row).credit,
    )


def _made(row: Row) -> Metadata:
    return msgspec.json.decode(row["generation_metadata"], type=Metadata)


def _numbers(storyboard: Storyboard) -> dict[str, int]:
    return {scene.id: number for number, scene in enumerate(storyboard.scenes, start=1)}


def _warnings(storyboard: Storyboard, rows: list[Row]) -> tuple[Problem, ...]:
    numbers = _numbers(storyboard)
    said = [
        warning.of_scene(numbers[row["scene_id"]])
        for row in sorted(rows, key=lambda row: (numbers[row["scene_id"]], row["kind"]))
        for warning in _made(row).warnings
    ]
    placeholders = [row for row in rows if Source(row["source"]).placeholder]
    if placeholders:
        pictures = sum(1 for row in placeholders if row["kind"] == Kind.PICTURE)
        narrations = len(placeholders) - pictures
        said.insert(
            0,
            Problem(
                code="placeholder_used",
                message=f"{pictures} pictures and {narrations} narrations are placeholders:"
                " no generation service made them.",
                params={"pictures": pictures, "narrations": narrations},
            ),
        )
    return tuple(said)
