"""Prices, approvals and the start of the work, as the CMS's server asks for them over HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from cms_bridge.api.aliases import ALIASES
from cms_bridge.errors import (
    ApprovalConflict,
    ApprovedCostReached,
    PriceChanged,
    SpendCapReached,
)
from cms_bridge.jobs import approvals, leases, transitions
from cms_bridge.jobs.queue import QueueName, deserialise
from cms_bridge.ledger.charges import ChargeOutcome, ChargeState, charges_of, resolve
from cms_bridge.ledger.meter import open_ledger
from cms_bridge.states import Status
from cms_bridge.tables import Approval, Charge, Job
from render.generation.requests import image_request, speech_request
from render.problem import Problem
from tests.support import events
from tests.support.jobs import accept, put
from tests.support.ledger import AMPLE, call, claimed, die, new_job, pay
from tests.support.priced import BOARD, PRICES, TOTAL, drafted, generated, own, priced_bridge

pytestmark = pytest.mark.anyio


@pytest.fixture
async def http(
    database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    async with priced_bridge(database_url, redis_url, tmp_path) as client:
        yield client


def word(**changes: Any) -> dict[str, Any]:
    return {
        "storyboardDigest": BOARD.digest,
        "estimatedCost": str(TOTAL),
        "by": "ann@example.com",
        **changes,
    }


class TestEstimate:
    async def test_it_tells_the_price_scene_by_scene(self, http: httpx.AsyncClient) -> None:
        job = await drafted()
        said = (await http.get(f"/api/v1/jobs/{job}/estimate")).json()
        assert said["storyboardDigest"] == BOARD.digest
        assert Decimal(said["estimatedCost"]) == Decimal(said["difference"]) == TOTAL
        assert [(one["sceneId"], one["picture"], one["narration"]) for one in said["scenes"]] == [
            ("s1", "0.040000", "0.004000"),
            ("s2", "0.040000", "0.012000"),
        ]

    async def test_after_an_edit_only_what_changed_is_due(self, http: httpx.AsyncClient) -> None:
        earlier, job = await drafted(), await drafted()
        for scene in BOARD.scenes:
            await own(earlier, image_request(BOARD, scene))
            await own(earlier, speech_request(BOARD, scene))
        assert Decimal((await http.get(f"/api/v1/jobs/{job}/estimate")).json()["difference"]) == 0
        edit = events.storyboard("One.", "Changed words.")
        offer = await http.post(
            f"/api/v1/jobs/{job}/estimate",
            json={"storyboard": msgspec.to_builtins(edit)},
        )
        await accept(events.edited(job, revision=2, board=edit), prices=PRICES)
        saved = (await http.get(f"/api/v1/jobs/{job}/estimate")).json()
        assert offer.json() == saved
        assert [Decimal(one["due"]) for one in saved["scenes"]] == [0, Decimal("0.054")]
        assert Decimal(saved["difference"]) == Decimal("0.054")
        assert Decimal(saved["estimatedCost"]) == Decimal("0.098")

    async def test_the_usual_price_stands_beside_the_bound(self, http: httpx.AsyncClient) -> None:
        job = await drafted()
        said = (await http.get(f"/api/v1/jobs/{job}/estimate")).json()
        assert Decimal(said["usualCost"]) == Decimal(said["usualDifference"]) == Decimal("0.046")
        assert [Decimal(one["usual"]) for one in said["scenes"]] == [
            Decimal("0.019"),
            Decimal("0.027"),
        ]
        assert Decimal(said["estimatedCost"]) == TOTAL

    async def test_what_lost_calls_may_cost_on_top_stands_beside_it(
        self, http: httpx.AsyncClient
    ) -> None:
        job = await drafted()
        estimate = f"/api/v1/jobs/{job}/estimate"
        own_caps = "/api/v1/projects/project-1/spending"

        async def on_top() -> str:
            return (await http.get(estimate)).json()["lostAtMost"]

        assert await on_top() == "0.000000"
        assert (await http.put(own_caps, json={"lostVideo": "0.5"})).status_code == 200
        assert await on_top() == "0.000000"
        await http.put(own_caps, json={"lostCall": "0.05", "lostVideo": "0.5"})
        assert await on_top() == "0.500000"
        whole = (await http.get(f"/api/v1/jobs/{job}/storyboard")).json()
        assert whole["price"]["lostAtMost"] == "0.500000"
        # What is lost already leaves less to lose.
        await accept(events.approved(job, revision=2, board=BOARD), prices=PRICES)
        ledger = await open_ledger(await claimed(job), caps=AMPLE)
        reservation = await ledger.reserve(call("0.04"))
        await ledger.mark_started(reservation)
        assert await ledger.mark_unknown(reservation, "The connection was lost.")
        assert await on_top() == "0.460000"
        await http.put(own_caps, json={"lostCall": "0.05", "lostVideo": "0.01"})
        assert await on_top() == "0.000000"

    async def test_where_nothing_is_to_be_paid_nothing_can_be_lost(
        self, http: httpx.AsyncClient
    ) -> None:
        job = await generated()
        own_caps = "/api/v1/projects/project-1/spending"
        told = await http.put(own_caps, json={"lostCall": "1", "lostVideo": "1"})
        assert told.status_code == 200
        offer = (await http.get(f"/api/v1/jobs/{job}/estimate")).json()
        assert (offer["difference"], offer["lostAtMost"]) == ("0.000000", "0.000000")

    async def test_scenes_that_change_places_cost_nothing(self, http: httpx.AsyncClient) -> None:
        job = await drafted()
        for scene in BOARD.scenes:
            await own(job, image_request(BOARD, scene), scene_id=scene.id)
            await own(job, speech_request(BOARD, scene), scene_id=scene.id)
        moved = msgspec.structs.replace(BOARD, scenes=BOARD.scenes[::-1], title="Another title")
        offer = await http.post(
            f"/api/v1/jobs/{job}/estimate", json={"storyboard": msgspec.to_builtins(moved)}
        )
        said = offer.json()
        assert Decimal(said["difference"]) == Decimal(said["usualDifference"]) == 0
        assert Decimal(said["estimatedCost"]) == TOTAL

    async def test_a_placeholder_or_another_projects_asset_is_no_reason_for_a_discount(
        self, http: httpx.AsyncClient
    ) -> None:
        job, scene = await drafted(), BOARD.scenes[0]
        await own(
            job, image_request(BOARD, scene), provider="offline", source="rule", model_used="card"
        )
        await own(await new_job(project="another"), speech_request(BOARD, scene))
        said = (await http.get(f"/api/v1/jobs/{job}/estimate")).json()
        assert Decimal(said["difference"]) == TOTAL

    async def test_without_a_storyboard_there_is_no_price(self, http: httpx.AsyncClient) -> None:
        job = (await accept(events.submitted())).job_id
        assert (await http.get(f"/api/v1/jobs/{job}/estimate")).status_code == 404


class TestApproval:
    async def test_it_is_recorded_with_who_and_when(self, http: httpx.AsyncClient) -> None:
        job = await drafted()
        answer = await http.post(f"/api/v1/jobs/{job}/approve", json=word())
        assert answer.status_code == 200
        (row,) = await Approval.select()
        assert (row["job"], row["storyboard_digest"], row["by"]) == (
            job,
            BOARD.digest,
            "ann@example.com",
        )
        assert (row["estimated_cost"], row["voided_at"]) == (TOTAL, None)
        said = answer.json()
        assert datetime.fromisoformat(said["at"]) == row["at"]
        status = await transitions.find(job)
        assert (status.status, status.approved, status.wake_at) == ("approved", True, None)

    async def test_twice_is_once_and_answers_the_same(self, http: httpx.AsyncClient) -> None:
        job, answers = await drafted(), []

        async def approve(by: str) -> None:
            answers.append(await http.post(f"/api/v1/jobs/{job}/approve", json=word(by=by)))

        async with anyio.create_task_group() as group:
            for by in ("ann", "bob", "eve"):
                group.start_soon(approve, by)
        await put(job, Status.COMPLETED)
        await approve("late")
        assert [one.status_code for one in answers] == [200] * 4
        assert len({one.text for one in answers}) == 1
        assert await Approval.count() == 1

    @pytest.mark.parametrize(
        "change", [{"storyboardDigest": "0" * 64}, {"estimatedCost": "0.095999"}]
    )
    async def test_of_anything_but_what_the_job_has_now_it_is_refused(
        self, http: httpx.AsyncClient, change: dict[str, str]
    ) -> None:
        job = await drafted()
        answer = await http.post(f"/api/v1/jobs/{job}/approve", json=word(**change))
        said = answer.json()
        assert (answer.status_code, said["code"]) == (409, "approval_conflict")
        assert said["params"]["storyboardDigest"] == BOARD.digest
        assert Decimal(said["params"]["estimatedCost"]) == TOTAL
        assert await Approval.count() == 0

    @pytest.mark.parametrize("amount", ["NaN", "sNaN", "-1", "1e40", "much", None])
    async def test_what_is_no_price_is_refused(self, http: httpx.AsyncClient, amount: Any) -> None:
        job = await drafted()
        answer = await http.post(f"/api/v1/jobs/{job}/approve", json=word(estimatedCost=amount))
        assert answer.status_code == 400

    async def test_an_edit_voids_it_and_keeps_the_record(self, http: httpx.AsyncClient) -> None:
        job = await drafted()
        await http.post(f"/api/v1/jobs/{job}/approve", json=word())
        await accept(events.edited(job, revision=2, board=events.storyboard("x")), prices=PRICES)
        (row,) = await Approval.select()
        assert row["voided_at"] is not None
        assert (await http.post(f"/api/v1/jobs/{job}/render")).status_code == 403
        again = await http.post(f"/api/v1/jobs/{job}/approve", json=word())
        assert again.json()["code"] == "approval_conflict"

    async def test_what_is_not_ready_cannot_be_approved(self, http: httpx.AsyncClient) -> None:
        job = await drafted()
        await put(job, Status.CANCELLED, storyboard_digest="1" * 64)
        answer = await http.post(f"/api/v1/jobs/{job}/approve", json=word())
        assert answer.status_code == 409
        await put(job, Status.GENERATING, storyboard_digest=BOARD.digest)
        answer = await http.post(f"/api/v1/jobs/{job}/approve", json=word())
        assert (answer.status_code, answer.json()["code"]) == (409, "illegal_move")
        assert await Approval.count() == 0

    async def test_an_approval_in_the_cms_is_the_same_record_and_starts_the_work(
        self, http: httpx.AsyncClient
    ) -> None:
        job = await drafted()
        await accept(events.approved(job, revision=2, board=BOARD), prices=PRICES)
        (row,) = await Approval.select()
        assert (row["by"], row["estimated_cost"]) == ("editor@example.com", TOTAL)
        assert (await transitions.find(job)).wake_at is not None
        answer = await http.post(f"/api/v1/jobs/{job}/approve", json=word())
        assert answer.json()["by"] == "editor@example.com"

    @pytest.mark.parametrize("seen", [TOTAL, None])
    @pytest.mark.usefixtures("http")
    async def test_in_the_cms_it_answers_to_the_price_that_was_shown(
        self, seen: Decimal | None
    ) -> None:
        job = await drafted()
        await accept(events.approved(job, board=BOARD, price=seen), prices=PRICES)
        (row,) = await Approval.select()
        assert row["estimated_cost"] == TOTAL

    @pytest.mark.parametrize("seen", ["0.095999", "0.097", "0"])
    async def test_in_the_cms_at_a_price_that_is_no_longer_true_it_is_refused(
        self, http: httpx.AsyncClient, seen: str
    ) -> None:
        job = await drafted()
        body, headers = events.signed(
            events.approved(job, revision=2, board=BOARD, price=Decimal(seen))
        )
        answer = await http.post("/api/v1/webhooks/payload", content=body, headers=headers)
        said = answer.json()
        assert (answer.status_code, said["code"]) == (409, "price_changed")
        assert Decimal(said["params"]["seen"]) == Decimal(seen)
        assert Decimal(said["params"]["estimatedCost"]) == TOTAL
        assert await Approval.count() == 0
        assert (await transitions.find(job)).status == "storyboard_complete"
        # The editor sees the new price and approves that.
        await accept(events.approved(job, revision=3, board=BOARD, price=TOTAL), prices=PRICES)
        assert (await transitions.find(job)).status == "approved"

    @pytest.mark.parametrize("amount", ["NaN", "-1", "1e40"])
    async def test_in_the_cms_what_is_no_price_is_refused(
        self, http: httpx.AsyncClient, amount: str
    ) -> None:
        job = await drafted()
        event = msgspec.to_builtins(events.approved(job, board=BOARD))
        event["data"]["estimatedCost"] = amount
        body, headers = events.signed(msgspec.json.encode(event))
        answer = await http.post("/api/v1/webhooks/payload", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_event")

    async def test_its_bound_is_what_is_still_to_be_paid(self, http: httpx.AsyncClient) -> None:
        job = await drafted()
        await own(await new_job(project="project-1"), image_request(BOARD, BOARD.scenes[0]))
        answer = (await http.post(f"/api/v1/jobs/{job}/approve", json=word())).json()
        due = TOTAL - Decimal("0.04")
        assert Decimal(answer["approvedCost"]) == due
        status = (await http.get(f"/api/v1/videos/jobs/{job}/status")).json()
        assert (Decimal(status["approvedCost"]), Decimal(status["spent"])) == (due, 0)
        assert Decimal(status["needs"]) == 0

    async def test_both_ways_of_approving_go_by_the_price_of_the_moment(
        self, http: httpx.AsyncClient
    ) -> None:
        for by_event in (True, False):
            job = await drafted()
            # What the job was priced at when it was drafted is no longer true.
            await Job.update({Job.estimated_cost: Decimal("0.05")}).where(Job.id == job)
            offer = (await http.get(f"/api/v1/jobs/{job}/estimate")).json()
            assert Decimal(offer["estimatedCost"]) == Decimal(offer["toApprove"]) == TOTAL
            old = events.approved(job, revision=2, board=BOARD, price=Decimal("0.05"))
            with pytest.raises(ApprovalConflict):
                await accept(old, prices=PRICES)
            stale = word(estimatedCost="0.05")
            refused = await http.post(f"/api/v1/jobs/{job}/approve", json=stale)
            assert refused.status_code == 409
            if by_event:
                now = events.approved(job, revision=2, board=BOARD, price=TOTAL)
                await accept(now, prices=PRICES)
            else:
                answer = await http.post(f"/api/v1/jobs/{job}/approve", json=word())
                assert answer.status_code == 200
            row = await transitions.find(job)
            assert (row.approved_cost, row.estimated_cost) == (TOTAL, TOTAL)


class TestMoreThanWasApproved:
    """A job that stopped at what was approved says what it needs, and goes on once that is too."""

    async def stopped(self, http: httpx.AsyncClient, board: Any = BOARD) -> UUID:
        """Approve, let a first picture cost twice what it should, and stop at the bound."""
        job = await drafted(board)
        offer = (await http.get(f"/api/v1/jobs/{job}/estimate")).json()
        approved = word(storyboardDigest=board.digest, estimatedCost=offer["estimatedCost"])
        await http.post(f"/api/v1/jobs/{job}/approve", json=approved)
        await http.post(f"/api/v1/jobs/{job}/render")
        lease = await claimed(job)
        ledger = await open_ledger(lease, caps=AMPLE)
        for _ in range(2):
            await pay(ledger, "0.04", useless=True)
        with pytest.raises(ApprovedCostReached) as reached:
            await ledger.reserve(call("0.04"))
        error = await approvals.too_little(job, reached.value, PRICES)
        problem = Problem(code=error.code, message=error.message, params=error.params)
        await leases.fail(lease, problem)
        return job

    async def test_it_is_told(self, http: httpx.AsyncClient) -> None:
        job = await self.stopped(http)
        status = (await http.get(f"/api/v1/videos/jobs/{job}/status")).json()
        assert status["error"]["code"] == "approved_cost_reached"
        assert status["error"]["params"] == {
            "approved": "0.096000",
            "spent": "0.080000",
            "needed": "0.096000",
            "more": "0.080000",
        }
        offer = (await http.get(f"/api/v1/jobs/{job}/estimate")).json()
        for said in (status, offer):
            assert (said["approvedCost"], said["spent"], said["needs"]) == (
                "0.096000",
                "0.080000",
                "0.080000",
            )
        assert (offer["estimatedCost"], offer["toApprove"]) == ("0.096000", "0.176000")

    async def test_the_difference_is_approved_and_the_job_goes_on(
        self, http: httpx.AsyncClient
    ) -> None:
        job = await self.stopped(http)
        for named in (str(TOTAL), "0.175999"):
            refused = await http.post(f"/api/v1/jobs/{job}/approve", json=word(estimatedCost=named))
            assert (refused.status_code, refused.json()["code"]) == (409, "approval_conflict")
            assert refused.json()["params"]["estimatedCost"] == "0.176000"
        more = word(estimatedCost="0.176", by="bob")
        answers = [await http.post(f"/api/v1/jobs/{job}/approve", json=more) for _ in range(2)]
        assert [one.status_code for one in answers] == [200, 200]
        assert answers[0].text == answers[1].text
        assert answers[0].json()["approvedCost"] == "0.176000"
        first, second = await Approval.select().order_by(Approval.at)
        assert first["voided_at"] is not None
        assert (second["by"], second["bound"], second["voided_at"]) == (
            "bob",
            Decimal("0.176"),
            None,
        )
        assert (await http.post(f"/api/v1/jobs/{job}/render")).json()["status"] == "approved"
        ledger = await open_ledger(await claimed(job), caps=AMPLE)
        await pay(ledger, "0.096")
        with pytest.raises(ApprovedCostReached):
            await ledger.reserve(call("0.000001"))

    async def test_in_the_cms_it_is_approved_and_goes_on_at_once(
        self, http: httpx.AsyncClient
    ) -> None:
        job = await self.stopped(http)
        # What repeats the first approval, or names no price, approves no more.
        for price in (None, TOTAL):
            await accept(events.approved(job, revision=2, board=BOARD, price=price), prices=PRICES)
        assert (await transitions.find(job)).status == "failed"
        short = events.approved(job, revision=3, board=BOARD, price=Decimal("0.10"))
        with pytest.raises(PriceChanged):
            await accept(short, prices=PRICES)
        enough = events.approved(job, revision=4, board=BOARD, price=Decimal("0.18"))
        await accept(enough, prices=PRICES)
        row = await transitions.find(job)
        assert (row.status, row.approved_cost) == ("approved", Decimal("0.176"))
        assert row.wake_at is not None

    async def test_what_the_scenes_cannot_use_is_needed_still(
        self, http: httpx.AsyncClient
    ) -> None:
        board = events.storyboard("One.", "One.")
        job = await self.stopped(http, board)
        # A placeholder is one scene's alone, and what is unusable nobody's.
        drawn = image_request(board, board.scenes[0])
        spoken = speech_request(board, board.scenes[0])
        await own(job, spoken, source="rule", model_used="offline")
        await own(job, drawn, condition="unusable")
        offer = (await http.get(f"/api/v1/jobs/{job}/estimate")).json()
        assert [Decimal(one["due"]) for one in offer["scenes"]] == [
            Decimal("0.04"),
            Decimal("0.044"),
        ]
        spent, needed = Decimal("0.08"), Decimal("0.084")
        assert Decimal(offer["toApprove"]) == spent + needed
        more = word(storyboardDigest=board.digest, estimatedCost=offer["toApprove"])
        assert (await http.post(f"/api/v1/jobs/{job}/approve", json=more)).status_code == 200
        assert (await http.post(f"/api/v1/jobs/{job}/render")).json()["status"] == "approved"
        # What was found to be needed can be paid: the job does not stop at the same again.
        await pay(await open_ledger(await claimed(job), caps=AMPLE), needed)

    async def test_a_charge_that_was_none_makes_room_without_a_word(
        self, http: httpx.AsyncClient
    ) -> None:
        job = await self.stopped(http)
        for row in await charges_of(job):
            await Charge.update({Charge.state: ChargeState.UNKNOWN}).where(Charge.id == row.id)
            await resolve(job, row.id, ChargeOutcome.NOT_CHARGED, by="ann")
        status = (await http.get(f"/api/v1/videos/jobs/{job}/status")).json()
        assert (status["spent"], status["needs"]) == ("0.000000", "0.000000")
        await http.post(f"/api/v1/jobs/{job}/render")
        await pay(await open_ledger(await claimed(job), caps=AMPLE), TOTAL)

    async def test_an_edit_asks_for_an_approval_of_the_difference(
        self, http: httpx.AsyncClient
    ) -> None:
        job = await self.stopped(http)
        board = events.storyboard("One.")
        await accept(events.edited(job, revision=2, board=board), prices=PRICES)
        assert (await transitions.find(job)).approved_cost is None
        offer = (await http.get(f"/api/v1/jobs/{job}/estimate")).json()
        assert (offer["needs"], offer["toApprove"]) == ("0.000000", "0.044000")
        approved = word(storyboardDigest=board.digest, estimatedCost="0.044")
        answer = await http.post(f"/api/v1/jobs/{job}/approve", json=approved)
        assert answer.json()["approvedCost"] == "0.124000"  # with what is spent already


class TestRender:
    async def test_it_needs_an_approval(self, http: httpx.AsyncClient) -> None:
        job = await drafted()
        answer = await http.post(f"/api/v1/jobs/{job}/render")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_approved")

    async def test_it_wakes_a_worker(self, http: httpx.AsyncClient, redis_url: str) -> None:
        job = await drafted()
        await http.post(f"/api/v1/jobs/{job}/approve", json=word())
        async with Redis.from_url(redis_url) as redis:
            assert await redis.zrange(QueueName.GENERATION, 0, -1) == []
            for _ in range(2):
                answer = await http.post(f"/api/v1/jobs/{job}/render")
                assert (answer.status_code, answer.json()["status"]) == (202, "approved")
            for name in await redis.zrange(QueueName.GENERATION, 0, -1):
                # However many there are, the first claim makes the rest mean nothing.
                assert deserialise(await redis.get(b"arq:job:" + name))["a"] == [str(job), 0]
            assert await redis.zcard(QueueName.GENERATION) > 0
        assert (await transitions.find(job)).wake_at is not None

    @pytest.mark.parametrize(
        ("status", "then"),
        [
            (Status.GENERATING, "generating"),
            (Status.COMPLETED, "completed"),
            (Status.FAILED, "approved"),
            (Status.CANCELLED, "approved"),
        ],
    )
    async def test_it_starts_again_what_has_stopped_and_leaves_the_rest(
        self, http: httpx.AsyncClient, status: Status, then: str
    ) -> None:
        job = await drafted()
        await http.post(f"/api/v1/jobs/{job}/approve", json=word())
        await put(job, status)
        answer = await http.post(f"/api/v1/jobs/{job}/render")
        assert (answer.status_code, answer.json()["status"]) == (202, then)


class TestCharges:
    async def test_a_lost_answer_is_shown_and_resolved(self, http: httpx.AsyncClient) -> None:
        job = await new_job()
        ledger = await open_ledger(await claimed(job), caps=AMPLE)
        await ledger.mark_started(await ledger.reserve(call("0.04", digest="d")))
        await die(job)
        await open_ledger(await claimed(job), caps=AMPLE)
        status = (await http.get(f"/api/v1/videos/jobs/{job}/status")).json()
        (warning,) = status["generationWarnings"]
        listed = (await http.get(f"/api/v1/videos/jobs/{job}/charges")).json()
        assert [(one["id"], one["state"], one["reserved"]) for one in listed] == [
            (warning["params"]["charge"], "unknown", "0.040000")
        ]
        path = f"/api/v1/videos/jobs/{job}/charges/{listed[0]['id']}/resolve"
        answer = await http.post(path, json={"outcome": "charged", "by": "ann"})
        assert (answer.status_code, answer.json()["state"]) == (200, "settled")
        assert (await http.post(path, json={"outcome": "charged"})).json() == answer.json()
        refused = await http.post(path, json={"outcome": "not_charged"})
        assert (refused.status_code, refused.json()["code"]) == (409, "charge_not_unknown")
        status = (await http.get(f"/api/v1/videos/jobs/{job}/status")).json()
        assert (status["generationWarnings"], Decimal(status["actualCost"])) == (
            [],
            Decimal("0.04"),
        )
        (row,) = await charges_of(job)
        assert row.state == ChargeState.SETTLED

    async def test_an_unknown_charge_or_job_is_not_found(self, http: httpx.AsyncClient) -> None:
        job = await new_job()
        for path in (f"{uuid4()}/charges", f"{job}/charges/{uuid4()}/resolve"):
            method = "GET" if path.endswith("charges") else "POST"
            answer = await http.request(
                method, f"/api/v1/videos/jobs/{path}", json={"outcome": "charged"}
            )
            assert answer.status_code == 404


class TestSpending:
    PATH = "/api/v1/projects/p1/spending"

    async def test_it_tells_what_is_spent_and_what_may_be(self, http: httpx.AsyncClient) -> None:
        ledger = await open_ledger(await claimed(await new_job()), caps=AMPLE)
        await ledger.settle(await ledger.reserve(call("0.04")), Decimal("0.03"))
        await ledger.reserve(call("0.02"))
        assert (await http.get(self.PATH)).json() == {
            "spent": "0.050000",
            "cap": "1000.000000",
            "capPerVideo": "10.000000",
            "lostCall": "0.000000",
            "lostVideo": "0.000000",
            "monthSpent": "0.050000",
            "monthCap": "500.000000",
        }

    async def test_a_projects_own_caps_hold_from_the_next_call_on(
        self, http: httpx.AsyncClient
    ) -> None:
        ledger = await open_ledger(await claimed(await new_job()), caps=AMPLE)
        await pay(ledger, "0.04")
        answer = await http.put(self.PATH, json={"project": "0.05", "video": None})
        assert (answer.status_code, answer.json()["cap"]) == (200, "0.050000")
        with pytest.raises(SpendCapReached):
            await ledger.reserve(call("0.04"))
        assert (await http.put(self.PATH, json={})).json()["cap"] == "1000.000000"
        await ledger.reserve(call("0.04"))

    async def test_a_project_says_what_lost_calls_may_cost_it(
        self, http: httpx.AsyncClient
    ) -> None:
        ledger = await open_ledger(await claimed(await new_job()), caps=AMPLE)
        told = (await http.put(self.PATH, json={"lostCall": "0.05", "lostVideo": "0.5"})).json()
        assert (told["lostCall"], told["lostVideo"]) == ("0.050000", "0.500000")
        assert (await http.get(self.PATH)).json() == told
        reservation = await ledger.reserve(call("0.04"))
        await ledger.mark_started(reservation)
        assert await ledger.mark_unknown(reservation, "The connection was lost.")
        (charge,) = (await http.get(f"/api/v1/videos/jobs/{ledger.lease.job_id}/charges")).json()
        assert (charge["state"], charge["settled"], charge["presumed"]) == (
            "settled",
            "0.040000",
            True,
        )
        told = (await http.put(self.PATH, json={})).json()
        assert (told["lostCall"], told["lostVideo"]) == ("0.000000", "0.000000")

    @pytest.mark.parametrize("cap", ["-1", "sNaN", "many", "1e12"])
    async def test_what_is_no_cap_is_refused(self, http: httpx.AsyncClient, cap: Any) -> None:
        await new_job()
        assert (await http.put(self.PATH, json={"project": cap})).status_code == 400

    async def test_an_unknown_project_is_not_found(self, http: httpx.AsyncClient) -> None:
        for answer in (await http.get(self.PATH), await http.put(self.PATH, json={})):
            assert (answer.status_code, answer.json()["code"]) == (404, "project_not_found")


async def test_every_alias_answers_as_its_canonical_path(http: httpx.AsyncClient) -> None:
    described = (await http.get("/schema/openapi.json")).json()["paths"]
    for name, older in ALIASES.items():
        routes = [
            path.removeprefix(name)
            for path in described
            if path == name or path.startswith(f"{name}/")
        ]
        assert routes
        assert all(f"{older}{route}" in described for route in routes)
    job = await drafted()
    assert (await http.post(f"/api/v2/jobs/{job}/approve", json=word())).status_code == 200
    assert (await http.post(f"/api/v2/jobs/{job}/render")).status_code == 202


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "jobs/{}/estimate"),
        ("POST", "jobs/{}/estimate"),
        ("POST", "jobs/{}/approve"),
        ("POST", "jobs/{}/render"),
        ("GET", "videos/jobs/{}/charges"),
        ("POST", "videos/jobs/{}/charges/{}/resolve"),
        ("GET", "projects/{}/spending"),
        ("PUT", "projects/{}/spending"),
    ],
)
async def test_without_the_key_nothing_is_told_or_done(
    http: httpx.AsyncClient, method: str, path: str
) -> None:
    job = await drafted()
    answer = await http.request(
        method, f"/api/v1/{path.format(job, uuid4())}", headers={"Authorization": ""}, json=word()
    )
    assert answer.status_code == 401
    assert await Job.exists().where(Job.id == job, Job.status == Status.STORYBOARD_COMPLETE)
