"""A database with rows of every kind in every table, made by the service's own doing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec

from cms_bridge import assets, lexicons, own_files, voices
from cms_bridge.access import registry
from cms_bridge.access.callers import Action
from cms_bridge.assets import WHOLE, AssetRecord, Condition, Metadata, StoredMedium
from cms_bridge.database import transaction
from cms_bridge.health import models
from cms_bridge.inbox import intake
from cms_bridge.jobs import media, renditions, submissions, transitions, workers
from cms_bridge.jobs.media import Bed, Order
from cms_bridge.jobs.submissions import VideoOrder
from cms_bridge.jobs.workers import Gpu, Resources
from cms_bridge.ledger import charges
from cms_bridge.ledger.meter import open_ledger
from cms_bridge.ledger.vault import keep_text
from cms_bridge.outbox import messages
from cms_bridge.outbox.messages import Topic
from cms_bridge.pricing.caps import OwnCaps, set_own
from cms_bridge.pricing.estimates import prices_of
from cms_bridge.pricing.made import made_by
from cms_bridge.records import Output, StoredFile
from cms_bridge.states import MEDIA, FileKind, JobKind, Status
from cms_bridge.tables import (
    TABLES,
    Approval,
    Asset,
    GeneratedVideo,
    Job,
    Piece,
    UploadedAsset,
)
from cms_bridge.uploads import registry as registry_of_uploads
from cms_bridge.uploads.registry import Room, Upload, UploadState
from cms_bridge.webhooks import deliveries, subscriptions
from render.containers.reader import Medium, Use
from render.generation.base import GeneratedText, Kind
from render.generation.circuit import Evidence, Sign
from render.generation.models import ModelsConfig
from render.generation.voices import Voice
from render.own import CmsFile
from render.problem import Problem
from render.pronunciation import Pronunciation
from render.rendition import Codec
from render.source import Source
from render.storyboard import Brief, Limits
from tests.support import events
from tests.support.ledger import AMPLE, call, claimed, new_job, pay
from tests.support.webhooks import PROJECT, SECRETS, subscribed

CAPS = msgspec.structs.replace(AMPLE, lost_call=Decimal(1), lost_video=Decimal(1))
PRICES = prices_of(ModelsConfig(), gemini=True, replicate=True)

FILES = ("captions.vtt", "hls/main.m3u8", "hls/720p/0000.m4s")

Rows = dict[str, dict[str, Mapping[str, Any]]]
"""By table and id."""


RESOURCES = Resources(
    cores=4,
    cpu=3.71,
    memory_bytes=1_200 * 2**20,
    memory_available_bytes=9 * 2**30,
    memory_total_bytes=16 * 2**30,
    disk_free_bytes=50 * 2**30,
    disk_size_bytes=100 * 2**30,
    gpus=(
        Gpu(
            name="NVIDIA L40S",
            id="GPU-6f1c7a52",
            utilisation=0.37,
            memory_used_bytes=6 * 2**30,
            memory_total_bytes=48 * 2**30,
            own_memory_bytes=2**30,
        ),
    ),
)
"""What a daemon of a machine with a graphics card tells."""


async def fill() -> None:
    """Put rows of every kind into every table; the books are in order."""
    job = (await accept(events.submitted())).job_id
    await accept(events.edited(await drafted("video-2")))
    await accept(events.cancelled())
    await accept(events.retried())
    for status in Status:
        await a_job(status)
    await paid_work()
    await finished(job)
    await several_media()
    await ordered_videos()
    await workers.report("host:1:a", drafts=2, jobs=4, draining=False)
    await a_models_health()
    await voices.report([Voice(provider="offline", name="de", languages=("de",))])
    await lexicons.replace("p1", [Pronunciation(word="nginx", spoken="engine x")])
    await caps()
    await keys()
    await webhooks()
    await uploads()
    await a_piece()
    for table in TABLES:
        assert await table.count(), f"nothing in {table}"


async def snapshot() -> Rows:
    """Return everything there is."""
    found: Rows = {}
    for table in TABLES:
        if await table.table_exists():
            name, key = table._meta.tablename, table._meta.primary_key._meta.name
            rows = await Job.raw(f"SELECT * FROM {name}")  # noqa: S608
            found[name] = {str(row[key]): row for row in rows}
    return found


async def a_piece() -> None:
    await Piece.insert(
        Piece(
            name=f"{'a' * 64}.mp4",
            sha256="b" * 64,
            bytes=1,
            note="{}",
            ready=True,
            used_at=datetime.now(UTC),
        )
    )


async def accept(event: Any) -> transitions.Accepted:
    return await intake.accept(
        uuid4().hex, msgspec.json.encode(event), event, limits=Limits(), prices=PRICES
    )


async def drafted(video: str) -> UUID:
    job = (await accept(events.submitted(video=video))).job_id
    board = events.storyboard()
    await Job.update(
        {
            Job.status: Status.STORYBOARD_COMPLETE,
            Job.storyboard_data: msgspec.json.encode(board).decode(),
            Job.storyboard_digest: board.digest,
            Job.storyboard_past: msgspec.json.encode(["0" * 64]).decode(),
        }
    ).where(Job.id == job)
    return job


async def a_job(status: Status) -> None:
    now = datetime.now(UTC)
    job = await new_job(video=f"video-{status}", approved=Decimal("0.30"))
    at_work = status in {Status.STORYBOARDING, Status.GENERATING, Status.COMPOSING}
    due = at_work or status in {Status.PENDING, Status.APPROVED}
    await Job.update(
        {
            Job.status: status,
            Job.wake_at: now if due else None,
            Job.lease_owner: "w1" if at_work else "",
            Job.lease_expires_at: now if at_work else None,
            # Another price than the one that was approved.
            Job.estimated_cost: Decimal("0.55"),
            Job.approved_by: "editor@example.com",
            Job.approved_at: now,
            Job.error: msgspec.json.encode(Problem(code="x", message="X.")).decode()
            if status is Status.FAILED
            else None,
        }
    ).where(Job.id == job)
    async with transaction():
        await messages.touch(job, Topic.RENDITION)
        await messages.touch(job, Topic.STORYBOARD)


async def paid_work() -> None:
    """Charges in every state, an approval that holds and one that was taken back."""
    job = await new_job(project="p2")
    ledger = await open_ledger(await claimed(job), caps=AMPLE)
    await pay(ledger, "0.03")
    await pay(ledger, "0.02", useless=True)
    await ledger.reserve(call("0.04"))
    await ledger.mark_started(await ledger.reserve(call("0.05")))
    await ledger.release(await ledger.reserve(call("0.06")))
    drafting = msgspec.structs.replace(call("0.01"), kind=Kind.STORYBOARD)
    for_draft = await open_ledger(await claimed(await new_job(project="p2")), caps=AMPLE)
    text = await replace(for_draft, draft_bound=Decimal(1)).reserve(drafting)
    await keep_text(
        GeneratedText(
            content={"scenes": []},
            provider="gemini",
            model="a-model",
            cost=Decimal("0.01"),
        ),
        text,
    )
    lost = await new_job(project="p2")
    await (other := await open_ledger(await claimed(lost), caps=AMPLE)).mark_started(
        await other.reserve(call("0.07"))
    )
    await charges.recover(lost, before=2)
    await other.mark_started(await other.reserve(call("0.08")))
    await charges.recover(lost, before=2, allowed=CAPS)
    for voided in (None, datetime.now(UTC)):
        await Approval.insert(
            Approval(
                id=uuid4(),
                job=job,
                storyboard_digest="d" * 64,
                estimated_cost=Decimal("0.20"),
                bound=Decimal("0.75"),
                by="editor@example.com",
                at=datetime.now(UTC),
                voided_at=voided,
            )
        )
    for number, source in enumerate(Source):
        for condition in Condition:
            await an_asset(job, f"s{number}", source, condition)


async def an_asset(
    job: UUID,
    scene: str,
    source: Source,
    condition: Condition,
    *,
    kind: Kind = Kind.PICTURE,
) -> None:
    media_type = {Kind.PICTURE: "image/png", Kind.CLIP: "video/mp4"}.get(kind, "audio/wav")
    provider = "gemini" if source is Source.MODEL else "elsewhere"
    digest = scene.ljust(64, "0") if condition is not Condition.USABLE else uuid4().hex
    await assets.record(
        AssetRecord(
            id=uuid4(),
            job=job,
            scene_id=scene,
            kind=kind,
            request_digest=digest,
            medium=StoredMedium(
                key=f"media/{uuid4()}.{assets.EXTENSIONS[media_type]}",
                media_type=media_type,
                bytes=10,
                provider=provider,
                model_intended="a-model",
                model_used="a-model",
                cost=Decimal("0.01"),
                metadata=Metadata(
                    attempt=1,
                    calls=1,
                    seconds=0.5,
                    latency=0.5,
                    warnings=(),
                    video_id="d",
                    version="v",
                ),
                source=source,
                condition=condition,
            ),
            created_at=datetime.now(UTC),
        )
    )


async def finished(job: UUID) -> None:
    """A video that was filmed twice, and once more upright; and an export that waits."""
    board = events.storyboard()
    exports = [await an_export(job, status) for status in (Status.COMPLETED, Status.APPROVED)]
    for number, export in enumerate((None, None, exports[0], None), start=0):
        rendition, now = uuid4(), datetime.now(UTC)
        # Of the first nothing is left; the second is no longer kept, and still there.
        gone, retired = number == 0, number < 2
        await GeneratedVideo.insert(
            GeneratedVideo(
                id=rendition,
                job=job,
                export_job=export,
                number=number,
                storyboard_revision=number,
                storyboard_digest=board.digest,
                storyboard_data=msgspec.json.encode(board).decode(),
                aspect_ratio="9:16" if export else "1:1",
                format="hevc" if export else "av1",
                fps=30_000 if export else 25,
                fps_divisor=1001 if export else 1,
                key="" if gone else f"videos/{number}.mp4",
                poster_key="" if gone else f"videos/{number}.jpg",
                duration=1.5,
                width=1080,
                height=1920 if export else 1080,
                bytes=3_000_000_000,
                warnings=msgspec.json.encode([Problem(code="x", message="X.")]).decode(),
                retired_at=now if retired else None,
                created_at=now,
            )
        )
        if not gone:
            await renditions.record_files(rendition, [a_file(name) for name in FILES], at=now)


def a_file(name: str) -> StoredFile:
    piece = "/" in name
    return StoredFile(
        kind=FileKind.HLS if piece else FileKind.CAPTIONS,
        name=name,
        language="" if piece else "en",
        key=f"files/{name}",
        media_type="text/plain",
        bytes=10,
        sha256="e" * 64,
    )


async def an_export(parent: UUID, status: Status) -> UUID:
    now = datetime.now(UTC)
    job = await new_job(project="p2", approved=Decimal(0))
    await Job.update(
        {
            Job.kind: JobKind.EXPORT,
            Job.parent: parent,
            Job.output: msgspec.json.encode(
                Output(format=Codec.HEVC, fps="30000/1001" if status is Status.COMPLETED else 30)
            ).decode(),
            Job.submission: 0,
            Job.status: status,
            Job.wake_at: now if status is Status.APPROVED else None,
        }
    ).where(Job.id == job)
    async with transaction():
        await messages.touch(job, Topic.RENDITION)
    return job


async def several_media() -> None:
    """Pictures and narrations: queued, in a worker's hands, made, and made but damaged."""
    for kind in sorted(MEDIA):
        made: list[UUID] = []
        for prompt in ("queued", "held", "made", "damaged"):
            # All for one field of one document, as an editor asks for them.
            wanted = Order(
                project="p3", kind=kind, prompt=prompt, document="doc-1", field="hero", version="v1"
            )
            order, _ = await media.order(
                wanted, key=f"{kind}-{prompt}", limits=Limits(), prices=PRICES
            )
            made.append(order)
        queued, held, whole, damaged = made
        past = datetime.now(UTC) - timedelta(minutes=1)
        await Job.update({Job.wake_at: past}).where(Job.id == queued)
        await claimed(held)
        for order, condition in ((whole, Condition.USABLE), (damaged, Condition.UNUSABLE)):
            await Job.update({Job.status: Status.COMPLETED, Job.wake_at: None}).where(
                Job.id == order
            )
            scene = WHOLE if kind is JobKind.MUSIC else "medium"
            made_of = made_by(kind)[-1]
            await an_asset(order, scene, Source.MODEL, condition, kind=made_of)
        if kind is JobKind.SPEECH:
            bed = Bed(asset=whole)
            mixed = Order(project="p3", kind=kind, prompt="mixed", music=bed)
            await media.order(mixed, key="mixed", limits=Limits(), prices=PRICES)


async def ordered_videos() -> None:
    """Ordered by API: approved by a person, and by itself up to a price."""
    for price in (None, Decimal("1.50")):
        wanted = VideoOrder(
            project="p4", brief=Brief(title="T", script="S."), approve_up_to=price, by="ann"
        )
        await submissions.order(wanted, key=f"video-{price}", limits=Limits())


async def a_models_health() -> None:
    now = datetime.now(UTC)
    said = Problem(code="x", message="X.")
    await models.report([("gemini", "a-model")])
    await models.record(
        "gemini",
        "a-model",
        [
            Evidence(at=now, sign=Sign.MADE, seconds=1.0),
            Evidence(at=now, sign=Sign.FAILED, failure=said),
        ],
    )


async def keys() -> None:
    """One for a project that is rotated, and one for all that is revoked."""
    for projects in (("p1",), None):
        _, key = await registry.create(
            "somebody", projects=projects, actions=tuple(Action), lasts=timedelta(days=1)
        )
        await (
            registry.rotate(key.id, overlap=timedelta(hours=1))
            if projects
            else registry.revoke(key.id)
        )


async def webhooks() -> None:
    """One that is told something, one disabled, one deleted; and a try without an end."""
    one = await subscribed()
    await subscribed("https://off.example", enabled=False)
    await subscriptions.delete(PROJECT, (await subscribed("https://gone.example")).id)
    await subscriptions.rotate(PROJECT, one.id, secrets=SECRETS, overlap=timedelta(hours=1))
    await accept(events.submitted(video="told"))
    await accept(events.cancelled(video="told"))
    (due, _) = await deliveries.due(limit=2)
    assert await deliveries._claim(due.id, seconds=15)


async def uploads() -> None:
    """One that is there, and one of each way to be left over."""
    for number, state in enumerate(UploadState):
        reserved = await registry_of_uploads.reserve(
            Upload(
                project="p1",
                name=f"Ofen {number}.png",
                sha256=f"{number}" * 64,
                bytes=3_000_000_000,
                medium=Medium(extension="png", use=Use.PICTURE, width=64, height=48),
                scanned=number == 0,
                uploaded_by="environment",
            ),
            room=Room(),
        )
        await UploadedAsset.update({UploadedAsset.state: state.value}).where(
            UploadedAsset.id == reserved.id
        )
        if state is UploadState.READY:
            for name in ("Ofen.png", "Ofen, noch einmal.png"):
                file = CmsFile(collection="media", document="7", name=name, version="1")
                await own_files.note(reserved, file)


async def caps() -> None:
    own = OwnCaps(
        project=Decimal(50), video=Decimal(5), lost_call=Decimal("0.05"), lost_video=Decimal("0.5")
    )
    await set_own("p2", own)
    assert await Asset.exists().where(Asset.condition == Condition.UNUSABLE)
