"""The first phase under the ledger: what writing a storyboard may cost, on both databases."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import anyio
import msgspec
import pytest
from pydantic import SecretStr

from cms_bridge.jobs import leases, transitions
from cms_bridge.jobs.leases import Lease, Phase
from cms_bridge.jobs.queue import Queue
from cms_bridge.ledger.charges import charges_of
from cms_bridge.states import Status
from cms_bridge.storage.base import ObjectStore
from daemon.settings import DaemonSettings
from daemon.work.drafting import MAX_ANSWERS, draft_storyboard
from daemon.work.pools import TaskPool
from daemon.work.services import Services
from render.errors import UnusableAnswer
from render.generation.base import GeneratedText, Kind, TextRequest, Ticket
from render.generation.chain import Rung, TextChain
from render.generation.models import ModelsConfig
from render.generation.patience import Patience
from render.generation.providers import open_providers
from render.storyboard import Storyboard
from tests.support import events
from tests.support.jobs import accept, put
from tests.support.ledger import AMPLE, HOUR, check_books, die

pytestmark = [pytest.mark.anyio]

PRICE = Decimal("0.04")
Make = Callable[[TextRequest, Ticket], Awaitable[GeneratedText]]


async def is_useless(_request: TextRequest, _ticket: Ticket) -> GeneratedText:
    raise UnusableAnswer("This is no JSON.").charged(Decimal("0.03"))


def writes(*narrations: str) -> Make:
    async def write(_request: TextRequest, _ticket: Ticket) -> GeneratedText:
        scenes = [{"narration": text, "picturePrompt": "A boat."} for text in narrations]
        content: dict[str, Any] = {"title": "A title", "scenes": scenes}
        return GeneratedText(provider="p", model="m", cost=Decimal("0.03"), content=content)

    return write


async def drafted(
    database: str, directory: Path, *makes: Make, attempts: int = 1, **brief: Any
) -> UUID:
    """Let a worker draft a storyboard with a chain of these models."""
    rungs = [
        Rung(provider="p", model=f"m{number}", price=lambda _: PRICE, make=make)
        for number, make in enumerate(makes)
    ]
    patience = Patience(calls=3, first_delay=0.001)
    text = TextChain(kind=Kind.STORYBOARD, rungs=rungs, patience=patience)
    settings = DaemonSettings(
        redis_url="redis://localhost",
        database_url=database,
        work_directory=directory,
        webhook_secret=SecretStr(events.SECRET),
        api_key=SecretStr("an-api-key-of-more-than-32-characters"),
        link_secret=SecretStr("a-link-secret-of-more-than-32-characters"),
    )
    job = (await accept(events.submitted(video=uuid4().hex, **brief))).job_id
    async with open_providers(ModelsConfig()) as free:
        services = Services(
            settings=settings,
            worker="w",
            # Drafting asks neither; nothing of it is stored as an object.
            queue=cast(Queue, None),
            store=cast(ObjectStore, None),
            payload=None,
            providers=replace(free, text=text),
            generations=anyio.CapacityLimiter(4),
            renders=anyio.CapacityLimiter(1),
            generating=TaskPool(size=1),
            composing=TaskPool(size=1),
        )
        for attempt in range(attempts):
            lease = await leases.claim(
                job,
                Phase.STORYBOARD,
                worker=f"w{attempt}",
                duration=HOUR,
                policy=leases.RetryPolicy(max_retries=9),
            )
            assert isinstance(lease, Lease)
            if attempt == attempts - 1:
                await draft_storyboard(lease, services)
            else:
                await die(job)
    return job


def encoded(board: Storyboard) -> str:
    return msgspec.json.encode(board).decode()


def replace_scenes(board: Storyboard, **fields: Any) -> Storyboard:
    scenes = tuple(msgspec.structs.replace(scene, **fields) for scene in board.scenes)
    return msgspec.structs.replace(board, scenes=scenes)


async def told(job: UUID) -> dict[str, Any]:
    return {said.code: said for said in (await transitions.find(job)).warnings}


async def test_useless_answers_end_at_the_bound_and_the_splitter_drafts(
    database: str, tmp_path: Path
) -> None:
    job = await drafted(database, tmp_path, is_useless, is_useless)
    row, rows = await transitions.find(job), await charges_of(job)
    # Two answers of the first model leave no room for the price of a third.
    assert [(one.model, one.useless) for one in rows] == [("m0", True), ("m0", True)]
    assert row.actual_cost == Decimal("0.06") <= MAX_ANSWERS * PRICE
    assert (row.status, row.approved_cost) == ("storyboard_complete", None)
    said = await told(job)
    assert "Models have cost $0.06" in said["storyboard_offline"].message
    assert said["drafts_useless"].params["cost"] == "0.060000"
    await check_books(AMPLE)


async def test_an_unfit_storyboard_is_mended_within_the_bound(
    database: str, tmp_path: Path
) -> None:
    job = await drafted(database, tmp_path, writes("Not what the script says."))
    assert (await transitions.find(job)).actual_cost == Decimal("0.06")
    said = await told(job)
    assert "word for word" in said["storyboard_offline"].message
    assert "$0.06" in said["storyboard_offline"].message
    await check_books(AMPLE)


async def test_a_good_storyboard_costs_one_answer_and_nothing_of_what_is_approved(
    database: str, tmp_path: Path
) -> None:
    job = await drafted(database, tmp_path, writes("One sentence.", "And another."), attempts=2)
    row = await transitions.find(job)
    assert row.actual_cost == Decimal("0.03")
    assert await told(job) == {}
    assert row.storyboard
    assert [scene.narration for scene in row.storyboard.scenes] == ["One sentence.", "And another."]
    await check_books(AMPLE)


async def test_another_language_keeps_the_scenes_and_asks_no_model(
    database: str, tmp_path: Path
) -> None:
    board = events.storyboard("One sentence.", "And another.")
    pictured = replace_scenes(board, picture_prompt="A boat.")
    english = (await accept(events.submitted(video="film"))).job_id
    await put(english, Status.STORYBOARD_COMPLETE, storyboard_data=encoded(pictured))
    german: dict[str, Any] = {"script": "Ein Satz. Noch einer.", "locale": "de", "follows": "film"}

    job = await drafted(database, tmp_path, is_useless, **german)

    row = await transitions.find(job)
    assert row.storyboard
    assert row.storyboard.locale == "de"
    assert [(scene.narration, scene.picture_prompt) for scene in row.storyboard.scenes] == [
        ("Ein Satz.", "A boat."),
        ("Noch einer.", "A boat."),
    ]
    assert row.actual_cost == 0
    assert await charges_of(job) == []


async def test_a_video_of_another_project_is_not_followed(database: str, tmp_path: Path) -> None:
    foreign = (await accept(events.submitted(video="film", project="other"))).job_id
    await put(
        foreign, Status.STORYBOARD_COMPLETE, storyboard_data=encoded(events.storyboard("Secret."))
    )
    job = await drafted(database, tmp_path, writes("One sentence.", "And another."), follows="film")
    row = await transitions.find(job)
    assert row.storyboard
    assert [scene.picture_prompt for scene in row.storyboard.scenes] == ["A boat.", "A boat."]
