"""Media: pictures and spoken texts that are asked for by themselves, outside of any video.

Each is a job of its own kind, approved by being asked for, whose storyboard is
its one scene. So everything that holds for videos holds here: leases, the
ledger and its caps, the project's own assets, and resumption after a crash.
"""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec

from cms_bridge import assets, projects
from cms_bridge.assets import AssetRecord, Condition, Place
from cms_bridge.database import AlreadyStored, transaction, unique_violations
from cms_bridge.errors import IdempotencyConflict, MediumNotFound, MediumNotReady
from cms_bridge.jobs import approvals, moves
from cms_bridge.jobs.moves import WAKE_GRACE
from cms_bridge.pricing.amounts import ceiling
from cms_bridge.pricing.estimates import Prices
from cms_bridge.records import JobRecord
from cms_bridge.states import JobKind, Status
from cms_bridge.tables import Asset, Job
from render.errors import EmptyScript
from render.generation.base import ImageRequest, SpeechRequest
from render.generation.requests import digests, image_request, request_digest, speech_request
from render.storyboard import AspectRatio, Brief, Limits, Locale, Scene, Storyboard, clean_text

_SCENE = "medium"
_TITLE_CHARS = 80


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants made."""

    project: str
    kind: JobKind
    """`IMAGE` or `SPEECH`."""
    prompt: str
    """What to draw, or the words to be spoken."""
    style: str = ""
    voice: str = ""
    locale: Locale = "en"
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    document: str = ""
    """The CMS document it is for, whose cap it counts against; empty for none."""
    field: str = ""
    version: str = ""
    by: str = ""
    """Who asks."""

    @property
    def storyboard(self) -> Storyboard:
        """The one scene that is to be made."""
        prompt = clean_text(self.prompt)
        scene = (
            Scene(id=_SCENE, picture_prompt=prompt, on_screen_text=prompt)
            if self.kind is JobKind.IMAGE
            else Scene(id=_SCENE, narration=prompt)
        )
        return Storyboard(
            title="",
            scenes=(scene,),
            style=clean_text(self.style),
            voice=clean_text(self.voice),
            locale=self.locale,
            aspect_ratio=self.aspect_ratio,
        )


class Medium(msgspec.Struct, frozen=True, kw_only=True):
    """A medium and the job that makes, or made, it."""

    id: UUID
    job: JobRecord
    asset: AssetRecord | None
    """None until it is there."""

    @property
    def storyboard(self) -> Storyboard:
        """The storyboard of its job, which a medium has from the start."""
        if self.job.storyboard is None:
            raise LookupError("A job that makes a medium has no storyboard.")
        return self.job.storyboard

    @property
    def alone(self) -> bool:
        """Whether it was asked for by itself."""
        return self.job.kind is not JobKind.VIDEO

    @property
    def damaged(self) -> bool:
        """Whether what was made turned out to be unusable."""
        return self.asset is not None and self.asset.medium.condition is Condition.UNUSABLE

    @property
    def request_digest(self) -> str:
        """What a model is, or was, asked."""
        return (
            self.asset.request_digest
            if self.asset
            else request_digest(_request(self.job.kind, self.storyboard))
        )


async def order(
    wanted: Order, *, key: str | None, limits: Limits, prices: Prices
) -> tuple[UUID, bool]:
    """Write an order down; return its id, and whether there is anything left to be made.

    The same key names the same order for ever. What the project already has, and
    has been looked at, is handed over at once. Raises `IdempotencyConflict` or `InvalidStoryboard`.
    """
    board = wanted.storyboard
    board.check(limits)
    if not clean_text(wanted.prompt):
        raise EmptyScript("There is nothing to make: the prompt is empty.")
    if key and (existing := await _find_order(wanted, board, key)):
        return existing
    job = _job(wanted, board, key, prices)
    names = digests(_request(wanted.kind, board))
    asset = await assets.find_asset(wanted.project, names, checked=True)
    if asset:
        job.status, job.progress, job.scenes_done, job.wake_at = Status.COMPLETED, 100, 1, None
    try:
        await _store(job, asset, by=wanted.by)
    except AlreadyStored:
        # The same order arrived twice at once and the other one won.
        if key and (existing := await _find_order(wanted, board, key)):
            return existing
        raise
    return job.id, asset is None


async def find(medium: UUID) -> Medium:
    """Return a medium by its order's id, or an asset of a video by its own; `MediumNotFound`."""
    row = await Job.select(*Job.all_columns()).where(Job.id == medium).first()
    if row and row["kind"] != JobKind.VIDEO:
        asset = await assets.newest(Asset.job == medium)
        return Medium(id=medium, job=JobRecord.of(row), asset=asset)
    asset = await assets.newest(Asset.id == medium)
    if asset is None:
        raise MediumNotFound("There is no such picture or spoken text.")
    return Medium(id=medium, job=await moves.find(asset.job), asset=asset)


async def content_key(medium: UUID) -> str:
    """Return the key of a medium's bytes; raise `MediumNotFound` or `MediumNotReady`."""
    found = await find(medium)
    if found.asset is None:
        raise MediumNotReady("It is not made yet.", status=found.job.status)
    if found.damaged:
        raise MediumNotFound("It could not be read any more; ask for it again.")
    return found.asset.medium.key


async def _find_order(wanted: Order, board: Storyboard, key: str) -> tuple[UUID, bool] | None:
    row = (
        await Job.select(*Job.all_columns())
        .where(Job.project == wanted.project, Job.idempotency_key == key)
        .first()
    )
    if row is None:
        return None
    document = wanted.document or _own_name(row["id"])
    same = (wanted.kind, board.digest, document, wanted.field, wanted.version)
    named = ("kind", "storyboard_digest", "video_id", "field", "version")
    if same != tuple(row[name] for name in named):
        raise IdempotencyConflict("This idempotency key was used before with another request.")
    return row["id"], Status(row["status"]) is not Status.COMPLETED


def _job(wanted: Order, board: Storyboard, key: str | None, prices: Prices) -> Job:
    now, job = datetime.now(UTC), uuid4()
    request = _request(wanted.kind, board)
    price = (
        prices.picture(request) if isinstance(request, ImageRequest) else prices.narration(request)
    )
    return Job(
        id=job,
        kind=wanted.kind,
        project=wanted.project,
        video_id=wanted.document or _own_name(job),
        field=wanted.field,
        version=wanted.version,
        submission=0,
        idempotency_key=key,
        title=clean_text(wanted.prompt)[:_TITLE_CHARS],
        brief=msgspec.json.encode(Brief(title="")).decode(),
        status=Status.APPROVED,
        storyboard_data=msgspec.json.encode(board).decode(),
        storyboard_digest=board.digest,
        scenes_total=1,
        sequence=1,
        estimated_cost=ceiling(price),
        wake_at=now + WAKE_GRACE,
        created_at=now,
        updated_at=now,
    )


def _own_name(job: UUID) -> str:
    return f"medium-{job}"


def _request(kind: JobKind, board: Storyboard) -> ImageRequest | SpeechRequest:
    (scene,) = board.scenes
    return image_request(board, scene) if kind is JobKind.IMAGE else speech_request(board, scene)


async def _store(job: Job, asset: AssetRecord | None, *, by: str) -> None:
    price, digest = job.estimated_cost, job.storyboard_digest
    async with transaction():
        await projects.upsert(job.project)
        with unique_violations():
            await moves.begin(job)
        # What the project already has is handed over: nothing of it may be spent.
        bound = Decimal(0) if asset else price
        approved = approvals.on_job(digest, by=by, bound=bound)
        await Job.update(approved).where(Job.id == job.id)
        await approvals.record(job.id, digest=digest, estimate=price, bound=bound, by=by)
        if asset:
            place = Place(job=job.id, scene_id=_SCENE, kind=asset.kind)
            await assets.record(asset.copied_to(place))
