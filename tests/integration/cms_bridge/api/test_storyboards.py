"""Storyboards read, edited and refined over HTTP, before a film is there and after."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from cms_bridge.jobs.moves import find
from cms_bridge.states import Status
from cms_bridge.tables import Job
from render.generation.requests import image_request
from render.storyboard import Storyboard
from tests.support import events
from tests.support.jobs import put
from tests.support.priced import BOARD, drafted, generated, own, priced_bridge

pytestmark = pytest.mark.anyio


@pytest.fixture
async def http(
    database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    async with priced_bridge(database_url, redis_url, tmp_path) as client:
        yield client


async def filmed() -> UUID:
    """Store a job whose film is finished, with everything that it was made of."""
    job = await generated()
    await put(job, Status.COMPLETED, video_url="/somewhere", wake_at=None)
    return job


def json(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def scene(answer: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in answer["storyboard"]["scenes"] if one["id"] == name]
    return found


async def refine(
    http: httpx.AsyncClient, job: UUID, *changes: dict[str, Any], estimate: bool = False
) -> httpx.Response:
    based_on = (await find(job)).storyboard_digest
    return await http.post(
        f"/api/v1/jobs/{job}/refinements" + ("/estimate" if estimate else ""),
        json={"basedOn": based_on, "changes": changes, "by": "ann@example.com"},
    )


async def test_a_storyboard_is_read_edited_priced_and_approved(http: httpx.AsyncClient) -> None:
    job = await filmed()
    read = (await http.get(f"/api/v1/jobs/{job}/storyboard")).json()
    assert read["storyboardDigest"] == BOARD.digest
    assert read["price"]["toApprove"] == "0.000000"
    edited = events.storyboard("One.", "Two, longer still.")
    body = {"basedOn": BOARD.digest, "storyboard": json(edited), "by": "ann@example.com"}
    answer = await http.put(f"/api/v1/jobs/{job}/storyboard", json=body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["status"], told["storyboardRevision"]) == ("storyboard_complete", 3)
    # The second scene's words, and the picture that was drawn of them.
    assert told["price"]["toApprove"] == told["price"]["difference"] == "0.058000"
    again = await http.put(f"/api/v1/jobs/{job}/storyboard", json=body)
    assert again.json()["storyboardRevision"] == 3
    approval = await http.post(
        f"/api/v1/jobs/{job}/approve",
        json={
            "storyboardDigest": edited.digest,
            "estimatedCost": told["price"]["toApprove"],
            "by": "ann@example.com",
        },
    )
    assert approval.json()["approvedCost"] == "0.058000"
    assert (await http.post(f"/api/v1/jobs/{job}/render")).json()["status"] == "approved"
    assert (await find(job)).video_url


async def test_an_edit_of_what_has_changed_since_is_refused(http: httpx.AsyncClient) -> None:
    job = await filmed()
    for words, status in (("Mine.", 200), ("Yours.", 409)):
        body = {"basedOn": BOARD.digest, "storyboard": json(events.storyboard(words))}
        answer = await http.put(f"/api/v1/jobs/{job}/storyboard", json=body)
        assert answer.status_code == status
    told = answer.json()
    assert told["code"] == "storyboard_outdated"
    assert told["params"]["storyboardDigest"] == events.storyboard("Mine.").digest


@pytest.mark.parametrize(("kind", "price"), [("picture", "0.040000"), ("narration", "0.004000")])
async def test_one_scene_is_made_anew_and_costs_that_alone(
    http: httpx.AsyncClient, kind: str, price: str
) -> None:
    job = await filmed()
    change = {"kind": "regenerate", "sceneId": "s1", kind: True}
    priced = (await refine(http, job, change, estimate=True)).json()
    assert (await find(job)).status == "completed"
    told = (await refine(http, job, change)).json()
    assert told["storyboardDigest"] == priced["storyboardDigest"]
    assert told["price"] | {"approvedCost": None} == priced["price"] | {"approvedCost": None}
    assert told["price"]["toApprove"] == price
    assert scene(told, "s1")[f"{kind}Take"] == 1
    assert {**scene(told, "s1"), f"{kind}Take": 0} == json(BOARD.scenes[0])
    assert scene(told, "s2") == json(BOARD.scenes[1])


async def test_a_take_that_there_is_already_is_not_another(http: httpx.AsyncClient) -> None:
    job = await filmed()
    seen = msgspec.structs.replace(BOARD.scenes[0], picture_take=1)
    board = msgspec.structs.replace(BOARD, scenes=(seen, BOARD.scenes[1]))
    await own(job, image_request(board, seen))
    told = (
        await refine(http, job, {"kind": "regenerate", "sceneId": "s1", "picture": True})
    ).json()
    assert scene(told, "s1")["pictureTake"] == 2
    assert told["price"]["toApprove"] == "0.040000"


async def test_the_same_refinement_twice_makes_one(http: httpx.AsyncClient) -> None:
    job = await filmed()
    body = {
        "basedOn": BOARD.digest,
        "changes": [{"kind": "regenerate", "sceneId": "s1", "picture": True}],
    }
    answers = [await http.post(f"/api/v1/jobs/{job}/refinements", json=body) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 409]
    assert (await find(job)).storyboard_revision == 3


async def test_scenes_are_reordered_for_nothing_and_replaced_for_their_own_price(
    http: httpx.AsyncClient,
) -> None:
    job = await filmed()
    reordered = (
        await refine(http, job, {"kind": "reorder", "sceneIds": ["s2", "s1"]}, estimate=True)
    ).json()
    assert [one["id"] for one in reordered["storyboard"]["scenes"]] == ["s2", "s1"]
    assert reordered["price"]["toApprove"] == "0.000000"
    mine = {"id": "s2", "narration": "Mine.", "background": {"kind": "solid", "colour": "#000000"}}
    told = (
        await refine(
            http,
            job,
            {"kind": "replace", "scene": mine},
            {"kind": "reorder", "sceneIds": ["s2", "s1"]},
        )
    ).json()
    assert told["price"]["toApprove"] == "0.005000"
    assert scene(told, "s1") == json(BOARD.scenes[0])


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "regenerate", "sceneId": "none", "picture": True},
        {"kind": "regenerate", "sceneId": "s1"},
        {"kind": "regenerate", "sceneId": "silent", "narration": True},
        {"kind": "replace", "scene": {"id": "none"}},
        {"kind": "reorder", "sceneIds": ["s1"]},
        {"kind": "reorder", "sceneIds": ["s1", "s1"]},
        {"kind": "replace", "scene": {"id": "s1", "narration": "x" * 6000}},
    ],
)
async def test_what_cannot_be_changed_says_why_and_changes_nothing(
    http: httpx.AsyncClient, change: dict[str, Any]
) -> None:
    silent = msgspec.structs.replace(BOARD.scenes[1], id="silent", narration="")
    job = await drafted(msgspec.structs.replace(BOARD, scenes=(BOARD.scenes[0], silent)))
    before = await find(job)
    for estimate in (True, False):
        answer = await refine(http, job, change, estimate=estimate)
        assert answer.status_code == 422, answer.text
    assert await find(job) == before


async def test_what_has_no_storyboard_or_is_being_filmed_is_not_edited(
    http: httpx.AsyncClient,
) -> None:
    board: Storyboard = events.storyboard("Another.")
    body = {"basedOn": BOARD.digest, "storyboard": json(board)}
    assert (await http.put(f"/api/v1/jobs/{uuid4()}/storyboard", json=body)).status_code == 404
    job = await filmed()
    await put(job, Status.COMPOSING)
    refused = await http.put(f"/api/v1/jobs/{job}/storyboard", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_move")
    await put(job, Status.PENDING, storyboard_data=None, storyboard_digest="")
    for answer in (
        await http.get(f"/api/v1/jobs/{job}/storyboard"),
        await http.put(f"/api/v1/jobs/{job}/storyboard", json=body),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "storyboard_not_ready")
    await Job.update({Job.kind: "image"}).where(Job.id == job)
    assert (await http.put(f"/api/v1/jobs/{job}/storyboard", json=body)).status_code == 404
