"""Media: pictures, spoken texts, music and clips that are asked for by themselves.

Outside of any video, that is. A clip is a still set in motion: one that is drawn first, or a
picture that the project was given. Nothing stands in for a clip that cannot be made.

Each is a job of its own kind, approved by being asked for, whose storyboard is
its one scene. So everything that holds for videos holds here: leases, the
ledger and its caps, the project's own assets, and resumption after a crash.
"""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from cms_bridge import assets, clock, lexicons, own_files, projects, voices
from cms_bridge.assets import WHOLE, AssetRecord, Condition, Place, StoredMedium
from cms_bridge.database import AlreadyStored, transaction, unique_violations
from cms_bridge.errors import (
    ApprovalConflict,
    IdempotencyConflict,
    MediumNotFound,
    MediumNotReady,
)
from cms_bridge.jobs import approvals, moves
from cms_bridge.jobs.moves import WAKE_GRACE
from cms_bridge.pricing.amounts import ceiling, rounded
from cms_bridge.pricing.estimates import Prices, estimate, narration_price
from cms_bridge.pricing.made import made_by
from cms_bridge.records import JobRecord
from cms_bridge.states import MEDIA, JobKind, Origin, Priority, Status
from cms_bridge.tables import Asset, Job
from render.cast import CastKind
from render.errors import EmptyScript, InvalidStoryboard, LimitExceeded
from render.generation.base import ClipRequest, ImageRequest, MusicRequest, SpeechRequest
from render.generation.prompts import reference_prompt
from render.generation.requests import (
    clip_request,
    expected_seconds,
    film_seconds,
    image_request,
    music_request,
    own_digests,
    request_digest,
    speech_request,
)
from render.own import Upload
from render.pronunciation import Pronunciation
from render.storyboard import (
    AspectRatio,
    Brief,
    Limits,
    Locale,
    Mood,
    Motion,
    Music,
    Scene,
    Solid,
    Storyboard,
    Take,
    clean_text,
)

_SCENE = "medium"
MIX = "mix"
"""What an asset belongs to, in place of a scene, that is speech and music in one."""
_TITLE_CHARS = 80
LONGEST_CLIP = 60
"""Seconds of a clip asked for by itself."""
_NOTHING_SEEN = Solid(colour="#000000")


class Bed(msgspec.Struct, frozen=True, kw_only=True):
    """Music under spoken words, by its asset's id or by its mood, of which it has one.

    The rest as in `render.storyboard.Music`.
    """

    asset: UUID | None = None
    mood: Mood | None = None
    volume: float = -14.0
    duck: float = 8.0
    fade_in: float = 1.0
    fade_out: float = 2.5

    def under(self, board: Storyboard, *, suffix: str) -> Storyboard:
        """Return a storyboard with this as its music.

        An asset is a file whose name ends as its key does, in nothing for a mood.
        """
        (scene,) = board.scenes
        return replace(
            board,
            # Nothing is seen, and so no picture is made.
            scenes=(replace(scene, background=_NOTHING_SEEN),),
            music=Music(
                file=f"{self.asset}{suffix}" if self.asset else None,
                mood=self.mood,
                volume=self.volume,
                duck=self.duck,
                fade_in=self.fade_in,
                fade_out=self.fade_out,
            ),
        )


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants made."""

    project: str
    kind: JobKind
    """`IMAGE`, `SPEECH`, `MUSIC` or `CLIP`."""
    prompt: str
    """What to draw, to film or to compose, or the words to be spoken."""
    style: str = ""
    voice: str = ""
    locale: Locale = "en"
    aspect_ratio: AspectRatio = AspectRatio.LANDSCAPE
    seconds: float = 60
    """How long music or a clip is to be."""
    first_frame: UUID | None = None
    """A picture given to the project, with which a clip begins; None has one drawn."""
    sound: bool = False
    """Whether a clip is to be made with its own sound."""
    music: Bed | None = None
    """What a spoken text is mixed with, into one file."""
    reference: CastKind | None = None
    """What of a cast a picture is to be the reference of; its prompt says how that looks."""
    take: Take = 0
    """Which of several pictures, or readings, for the same prompt."""
    up_to: Decimal | None = None
    """US dollars that it may cost at most; None for whatever the caps allow."""
    document: str = ""
    """The CMS document it is for, whose cap it counts against; empty for none."""
    field: str = ""
    version: str = ""
    priority: Priority | None = None
    """Among its project's jobs; None for the project's own."""
    by: str = ""
    """Who asks."""

    @property
    def storyboard(self) -> Storyboard:
        """The one scene that is to be made; for music one that is as long and shows nothing."""
        prompt = clean_text(self.prompt)
        music = None
        if self.kind is JobKind.IMAGE:
            drawn = reference_prompt(self.reference, prompt) if self.reference else prompt
            scene = Scene(
                id=_SCENE, picture_prompt=drawn, on_screen_text=prompt, picture_take=self.take
            )
        elif self.kind is JobKind.MUSIC:
            scene = Scene(id=_SCENE, duration=self.seconds, background=_NOTHING_SEEN)
            music = Music(prompt=prompt) if prompt else None
        elif self.kind is JobKind.CLIP:
            scene = Scene(
                id=_SCENE,
                picture_prompt=prompt,
                picture=Upload(asset_id=self.first_frame) if self.first_frame else None,
                motion=Motion.GENERATED,
                motion_prompt=prompt,
                clip_sound=self.sound,
                duration=self.seconds,
            )
        else:
            scene = Scene(id=_SCENE, narration=prompt, narration_take=self.take)
        return Storyboard(
            title="",
            scenes=(scene,),
            style=clean_text(self.style),
            voice=clean_text(self.voice),
            locale=self.locale,
            aspect_ratio=self.aspect_ratio,
            music=music,
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
        return self.job.kind in MEDIA

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
    _check_words(wanted, limits)
    board = wanted.storyboard
    board.check(limits)
    await voices.check(board.voice)
    if wanted.music:
        bed = wanted.music.asset and await find_sound(wanted.project, wanted.music.asset)
        board = wanted.music.under(board, suffix=Path(bed.key).suffix if bed else "")
        board.check(limits)
    if wanted.kind is JobKind.CLIP:
        await _check_clip(wanted, board, limits=limits, prices=prices)
    if key and (existing := await _find_order(wanted, board, key)):
        return existing
    request = _request(wanted.kind, board, await lexicons.of_project(wanted.project))
    job = _job(wanted, board, key, request=request, prices=prices)
    # Not one with sound for one without: here nobody mutes it.
    names = own_digests(request)
    # Words that there are may still be to be mixed with music that they were not mixed with.
    asset = None if wanted.music else await assets.find_asset(wanted.project, names, checked=True)
    price: Decimal = job.estimated_cost
    if asset is None and wanted.up_to is not None and price > wanted.up_to:
        raise ApprovalConflict(
            f"It may cost ${rounded(price):f}; name that as what it may cost.",
            estimated_cost=f"{rounded(price):f}",
        )
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


def _check_words(wanted: Order, limits: Limits) -> None:
    """Raise `LimitExceeded`, `EmptyScript` or `InvalidStoryboard` for what no model is asked."""
    if len(wanted.prompt) > limits.max_scene_chars:
        raise LimitExceeded(
            "the prompt's text",
            limit=limits.max_scene_chars,
            value=len(wanted.prompt),
            unit="characters",
        )
    if not clean_text(wanted.prompt):
        raise EmptyScript("There is nothing to make: the prompt is empty.")
    if wanted.reference and wanted.kind is not JobKind.IMAGE:
        raise InvalidStoryboard("Only a picture can be a reference.", field="reference")


async def _check_clip(wanted: Order, board: Storyboard, *, limits: Limits, prices: Prices) -> None:
    """Raise `InvalidStoryboard` or `LimitExceeded` for a clip that nobody would make."""
    if prices.clip is None:
        # Nothing stands in for a clip: no still is drawn for one that nobody makes.
        raise InvalidStoryboard("No model that makes clips is configured.", field="kind")
    if wanted.sound and not prices.clips_sound:
        raise InvalidStoryboard(
            "The model that makes clips cannot be asked for sound.", field="sound"
        )
    if wanted.seconds > LONGEST_CLIP:
        raise LimitExceeded("a clip", limit=LONGEST_CLIP, value=wanted.seconds, unit="seconds")
    await own_files.check(wanted.project, board, limits=limits)


async def find(medium: UUID) -> Medium:
    """Return a medium by its order's id, or an asset of a video by its own; `MediumNotFound`."""
    row = await Job.select(*Job.all_columns()).where(Job.id == medium).first()
    if row and row["kind"] in MEDIA:
        job = JobRecord.of(row)
        mixed = job.storyboard is not None and job.storyboard.music is not None
        place = WHOLE if job.kind is JobKind.MUSIC else MIX if mixed else _SCENE
        # A clip's still is its scene's too.
        kind = made_by(job.kind)[-1]
        which = (Asset.job == medium) & (Asset.scene_id == place) & (Asset.kind == kind)
        if job.kind is JobKind.SPEECH and job.status is not Status.COMPLETED:
            # What lies there until then may be one of its passages.
            return Medium(id=medium, job=job, asset=None)
        return Medium(id=medium, job=job, asset=await assets.newest(which))
    asset = await assets.newest(Asset.id == medium)
    if asset is None:
        raise MediumNotFound("There is no such picture, clip or sound.")
    return Medium(id=medium, job=await moves.find(asset.job), asset=asset)


async def find_sound(project: str, sound: UUID) -> StoredMedium:
    """Return something to hear that a project has, by its id.

    Raises `MediumNotFound`, also for another project's, `MediumNotReady` or `InvalidStoryboard`
    for what cannot be heard.
    """
    found = await find(sound)
    if found.job.project != project or found.damaged:
        raise MediumNotFound("There is no such music.")
    if found.asset is None:
        raise MediumNotReady("The music is not made yet.", status=found.job.status)
    if not found.asset.medium.media_type.startswith("audio/"):
        raise InvalidStoryboard(f"The music is no sound: {found.asset.medium.media_type}.")
    return found.asset.medium


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


def _job(
    wanted: Order,
    board: Storyboard,
    key: str | None,
    *,
    request: ImageRequest | SpeechRequest | MusicRequest | ClipRequest,
    prices: Prices,
) -> Job:
    now, job = clock.now(), uuid4()
    match request:
        case ImageRequest():
            price = prices.picture(request)
        case SpeechRequest():
            price = narration_price(prices.spoken(request), prices.narration)
        case MusicRequest():
            price = prices.music(request)
        case ClipRequest():
            price = estimate(board, prices, kinds=made_by(JobKind.CLIP)).total
    return Job(
        id=job,
        kind=wanted.kind,
        project=wanted.project,
        video_id=wanted.document or _own_name(job),
        field=wanted.field,
        version=wanted.version,
        submission=0,
        origin=Origin.API,
        idempotency_key=key,
        priority=wanted.priority and wanted.priority.rank,
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


def _request(
    kind: JobKind, board: Storyboard, lexicon: Sequence[Pronunciation] = ()
) -> ImageRequest | SpeechRequest | MusicRequest | ClipRequest:
    (scene,) = board.scenes
    if kind is JobKind.CLIP:
        # One with sound that no model can be asked for was never accepted.
        return clip_request(board, scene, seconds=expected_seconds(board, scene), sounds=True)
    music = music_request(board, seconds=film_seconds(board))
    if kind is JobKind.MUSIC and music is not None:
        return music
    if kind is JobKind.IMAGE:
        return image_request(board, scene)
    return speech_request(board, scene, lexicon)


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
            scene_id = WHOLE if job.kind == JobKind.MUSIC else _SCENE
            place = Place(job=job.id, scene_id=scene_id, kind=asset.kind)
            await assets.record(asset.copied_to(place))
