"""Jobs, charges and media in every state that the API tells of, for requests to meet."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import msgspec

from cms_bridge import voices
from cms_bridge.assets import Metadata
from cms_bridge.database import transaction
from cms_bridge.jobs import exports, media, renditions
from cms_bridge.jobs.media import Order
from cms_bridge.ledger.meter import open_ledger
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.records import StoredFile
from cms_bridge.states import FileKind, JobKind, Status
from cms_bridge.tables import Asset, Charge, GeneratedVideo, WebhookDelivery
from cms_bridge.uploads import registry
from cms_bridge.uploads.registry import Room, Upload
from cms_bridge.webhooks.events import Occasion
from cms_bridge.webhooks.publication import publish
from render.containers.reader import Medium, Use
from render.generation.base import Kind
from render.generation.voices import Voice
from render.storyboard import Limits
from tests.support import events
from tests.support.jobs import put
from tests.support.ledger import AMPLE, call, claimed, new_job
from tests.support.webhooks import subscribed


async def store_api_objects(name: str = "p1") -> list[dict[str, str]]:
    """Store a project's; return their ids by the names of path parameters."""
    project = {"projectId": name}
    await voices.report([Voice(provider="offline", name="en-us", languages=("en-us",))])
    waiting, offered, unapproved, done = [await new_job(project=name) for _ in range(4)]
    await put(offered, Status.STORYBOARD_COMPLETE, approved=False)
    await put(unapproved, Status.PENDING, approved=False, storyboard_data=None)
    await put(done, Status.COMPLETED)
    now, rendition = datetime.now(UTC), uuid4()
    board = events.storyboard()
    await GeneratedVideo.insert(
        GeneratedVideo(
            id=rendition,
            job=done,
            storyboard_digest=board.digest,
            storyboard_data=msgspec.json.encode(board).decode(),
            key=f"{'a' * 32}/{'b' * 64}.mp4",
            poster_key=f"{'a' * 32}/{'c' * 64}.jpg",
            created_at=now,
        )
    )
    charges: list[str] = []
    for end in ("settled", "unknown", "unknown"):
        ledger = await open_ledger(await claimed(await new_job(project=name)), caps=AMPLE)
        reservation = await ledger.reserve(call("0.04"))
        await ledger.mark_started(reservation)
        if end == "settled":
            await ledger.settle(reservation, Decimal("0.03"))
        else:
            await ledger.mark_unknown(reservation, "The connection was lost.")
        charges.append(reservation.id)
    paid = [
        {"jobId": str(row["job"]), "chargeId": charge}
        for charge in charges
        for row in [await _charge(charge)]
    ]
    pending, _ = await media.order(
        Order(project=name, kind=JobKind.IMAGE, prompt="A loaf"),
        key=None,
        limits=Limits(),
        prices=OFFLINE,
    )
    asset = await _asset(done, now)
    jobs = [{**project, "jobId": str(job)} for job in (waiting, offered, unapproved, done)]
    assets = [
        {"assetId": str(one)} for one in (pending, asset, *[await _upload(name, of) for of in "ef"])
    ]
    await renditions.record_files(
        rendition,
        [
            StoredFile(
                kind=FileKind.HLS if "/" in file else FileKind.CAPTIONS,
                name=file,
                key=f"{'a' * 32}/{'e' * 64}.{file.rpartition('.')[2]}",
                media_type="text/plain",
                bytes=1,
                sha256="e" * 64,
            )
            for file in ("captions.vtt", "hls/720p/0000.m4s")
        ],
        at=now,
    )
    export = await exports.order(done, exports.Order(fps=Fraction(24)), OFFLINE, limits=Limits())
    video = {"videoId": str(done), "renditionId": str(rendition), "exportId": str(export.job.id)}
    video |= {"variant": "720p", "file": "0000.m4s"}
    hooks = [await _webhook(name, job) for job in (waiting, done)]
    return [
        known | video | assets[number % 4] | hooks[number % 2] | {"taskId": known["jobId"]}
        for number, known in enumerate([*jobs, *paid])
    ]


async def _webhook(project: str, job: UUID) -> dict[str, str]:
    """Subscribe an address that nobody may call, and tell it something."""
    one = await subscribed(f"https://192.0.2.1/{job}", project=project)
    async with transaction():
        await publish(job, Occasion.SUBMITTED)
    (row,) = await WebhookDelivery.select(WebhookDelivery.id).where(
        WebhookDelivery.subscription == one.id
    )
    return {"subscriptionId": str(one.id), "deliveryId": str(row["id"])}


async def _charge(charge: str) -> dict[str, Any]:
    (row,) = await Charge.select(Charge.job).where(Charge.id == UUID(charge))
    return row


async def _upload(project: str, content: str) -> UUID:
    upload = Upload(
        project=project,
        name="Oven.png",
        sha256=content * 64,
        bytes=1,
        medium=Medium(extension="png", use=Use.PICTURE, width=64, height=48),
        scanned=False,
        uploaded_by="environment",
    )
    return (await registry.confirm((await registry.reserve(upload, room=Room())).id)).id


async def _asset(job: UUID, now: datetime) -> UUID:
    asset = uuid4()
    await Asset.insert(
        Asset(
            id=asset,
            job=job,
            scene_id="s1",
            kind=Kind.PICTURE,
            request_digest="d" * 64,
            key=f"{'a' * 32}/{'d' * 64}.png",
            media_type="image/png",
            bytes=1,
            provider="gemini",
            model_intended="a-model",
            model_used="a-model",
            generation_metadata=msgspec.json.encode(
                Metadata(
                    attempt=1,
                    calls=1,
                    seconds=0.5,
                    latency=0.5,
                    warnings=(),
                    video_id="v",
                    version="1",
                )
            ).decode(),
            created_at=now,
        )
    )
    return asset
