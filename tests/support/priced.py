"""A bridge whose models cost something, and jobs of it whose storyboards are priced."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from cms_bridge.pricing.estimates import Prices
from cms_bridge.states import Status
from cms_bridge.tables import Asset
from render.generation.requests import image_request, request_digest, speech_request
from tests.support import events
from tests.support.api import api_settings, running_api
from tests.support.jobs import accept, put

PRICES = Prices(
    picture=lambda _: Decimal("0.04"),
    narration=lambda request: Decimal(len(request.text)) / 1000,
    usual_picture=lambda _: Decimal("0.015"),
)
BOARD = events.storyboard("One.", "Two, longer.")
TOTAL = Decimal("0.096")


@asynccontextmanager
async def priced_bridge(
    database_url: str, redis_url: str, tmp_path: Path
) -> AsyncGenerator[httpx.AsyncClient]:
    settings = api_settings(database_url, redis_url, tmp_path)
    async with running_api(settings, prices=PRICES) as client:
        yield client


async def drafted(board: Any = BOARD) -> UUID:
    """Store a job whose storyboard lies before the editor, with its price."""
    job = (await accept(events.submitted(video=uuid4().hex))).job_id
    await put(job, Status.STORYBOARD_COMPLETE)
    await accept(events.edited(job, board=board), prices=PRICES)
    return job


async def generated() -> UUID:
    """Store a job that was approved, with everything that its film is made of."""
    job = await drafted()
    await accept(events.approved(job, revision=2, board=BOARD), prices=PRICES)
    for scene in BOARD.scenes:
        await own(job, image_request(BOARD, scene), scene_id=scene.id)
        await own(job, speech_request(BOARD, scene), scene_id=scene.id, kind="narration")
    return job


async def own(job: UUID, request: Any, **changes: Any) -> None:
    """Let a job have an asset for a request."""
    values = {
        "provider": "gemini",
        "model_intended": "m",
        "model_used": "m",
        "scene_id": "s1",
        "kind": "picture",
        **changes,
    }
    await Asset.insert(
        Asset(
            id=uuid4(),
            job=job,
            request_digest=request_digest(request),
            key="k",
            created_at=datetime.now(UTC),
            **values,
        )
    )
