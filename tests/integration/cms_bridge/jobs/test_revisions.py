"""A finished film is edited and filmed again: its states, its price, and what is shown."""

from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cms_bridge import films
from cms_bridge.errors import ApprovalConflict, IllegalMove, PriceChanged, Refusal
from cms_bridge.films import Lengths
from cms_bridge.jobs import approvals, decisions, leases, renditions, transitions
from cms_bridge.jobs.moves import find
from cms_bridge.jobs.revisions import Part, differences
from cms_bridge.ledger.meter import open_ledger
from cms_bridge.outbox.writeback import rendition_write
from cms_bridge.pricing.caps import Scope, held, job_row
from cms_bridge.pricing.estimates import Prices
from cms_bridge.records import StoredFile, StoredVideo
from cms_bridge.states import FINISHED, MOVES, FileKind, Status
from cms_bridge.tables import Asset, GeneratedVideo, Job
from render.generation.requests import image_request, request_digest, speech_request
from render.problem import Problem
from render.storyboard import Mood, Music, Scene, Storyboard
from tests.support import events
from tests.support.jobs import accept, claimed, drafted, put
from tests.support.ledger import AMPLE, call

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

PRICES = Prices(picture=lambda _: Decimal("0.04"), narration=lambda _: Decimal("0.01"))


def board(*narrations: str, prompt: str = "A picture") -> Storyboard:
    scenes = tuple(
        Scene(id=f"s{number}", narration=text, picture_prompt=f"{prompt} {number}")
        for number, text in enumerate(narrations, start=1)
    )
    return events.storyboard(scenes=scenes)


FIRST = board("One.", "Two.")
SECOND = board("One.", "Two, but longer.")


def video(name: str) -> StoredVideo:
    return StoredVideo(
        key=f"{name}.mp4", poster_key=f"{name}.jpg", duration=1, width=16, height=9, bytes=1
    )


async def film(job: UUID, name: str, *, warnings: tuple[Problem, ...] = ()) -> None:
    """Let a worker film an approved job, and make each of its media at its price."""
    lease = await claimed(job)
    assert lease.storyboard
    ledger = await open_ledger(lease, caps=AMPLE)
    for scene in lease.storyboard.scenes:
        for request, kind, price in (
            (image_request(lease.storyboard, scene), "picture", "0.04"),
            (speech_request(lease.storyboard, scene), "narration", "0.01"),
        ):
            digest = request_digest(request)
            if await Asset.exists().where(Asset.job == job, Asset.request_digest == digest):
                continue
            paid = await ledger.reserve(call(price, digest=digest))
            await ledger.mark_started(paid)
            await ledger.settle(paid, Decimal(price))
            await Asset.insert(
                Asset(
                    id=UUID(paid.id),
                    job=job,
                    scene_id=scene.id,
                    kind=kind,
                    request_digest=digest,
                    provider="gemini",
                    model_intended="m",
                    model_used="m",
                    created_at=(await find(job)).created_at,
                )
            )
    await leases.advance(lease, to=Status.COMPOSING, warnings=warnings)
    await leases.advance(lease, to=Status.UPLOADING)
    await leases.complete(lease, video(name))


async def filmed(**more: Any) -> UUID:
    """Store a job whose film is finished: two scenes at 5 cents each."""
    job = await drafted()
    await accept(events.approved(job, revision=1, board=FIRST), prices=PRICES)
    await film(job, "first", **more)
    return job


async def test_an_edit_of_a_finished_film_waits_for_its_own_approval_and_leaves_the_film() -> None:
    job = await filmed()
    await accept(events.edited(job, revision=2, board=SECOND), prices=PRICES)
    row = await find(job)
    assert (row.status, row.approved, row.approved_cost) == ("storyboard_complete", False, None)
    assert row.storyboard_digest == SECOND.digest
    assert row.video_url
    shown = await films.finished(job)
    assert (shown.key, shown.storyboard) == ("first.mp4", FIRST)


async def test_a_revision_costs_what_changed_and_nothing_that_was_paid_before() -> None:
    job = await filmed()
    spent = await approvals.spent_on(job)
    assert spent == Decimal("0.10")
    await accept(events.edited(job, revision=2, board=SECOND), prices=PRICES)
    quoted = await approvals.quote(await find(job), SECOND, PRICES)
    assert (quoted.priced.total, quoted.named) == (Decimal("0.10"), Decimal("0.01"))
    await accept(events.approved(job, revision=2, board=SECOND, price=quoted.named), prices=PRICES)
    assert (await find(job)).approved_cost == Decimal("0.11")
    await film(job, "second")
    assert await held(job_row(Scope.APPROVAL, job)) == Decimal("0.11")
    newest, first = await films.of_job(job)
    assert [(one.number, one.key) for one in (newest, first)] == [
        (2, "second.mp4"),
        (1, "first.mp4"),
    ]
    assert (newest.storyboard_revision, newest.storyboard) == (2, SECOND)
    assert (first.storyboard_revision, first.storyboard) == (1, FIRST)


async def test_other_music_is_a_revision_that_costs_nothing() -> None:
    job = await filmed()
    with_music = msgspec.structs.replace(FIRST, music=Music(mood=Mood.WARM))
    (told,) = differences(FIRST, with_music)
    assert (told.scene_id, told.parts) == (None, (Part.MUSIC,))
    await accept(events.edited(job, revision=2, board=with_music), prices=PRICES)
    quoted = await approvals.quote(await find(job), with_music, PRICES)
    assert quoted.named == 0
    await accept(
        events.approved(job, revision=2, board=with_music, price=Decimal(0)), prices=PRICES
    )
    await film(job, "second")
    newest, first = await films.of_job(job)
    assert (newest.storyboard, first.storyboard) == (with_music, FIRST)
    assert await approvals.spent_on(job) == Decimal("0.10")


async def test_a_revision_is_approved_at_no_less_than_it_costs() -> None:
    job = await filmed()
    await accept(events.edited(job, revision=2, board=SECOND), prices=PRICES)
    named = {"digest": SECOND.digest, "by": "ann", "prices": PRICES}
    with pytest.raises(ApprovalConflict):
        await decisions.approve(job, estimate=Decimal("0.009"), **named)
    with pytest.raises(PriceChanged):
        await accept(
            events.approved(job, revision=2, board=SECOND, price=Decimal("0.009")), prices=PRICES
        )
    approval = await decisions.approve(job, estimate=Decimal("0.01"), **named)
    assert approval.bound == Decimal("0.11")
    assert await decisions.approve(job, estimate=Decimal("0.01"), **named) == approval


async def test_the_very_save_that_edits_a_film_may_approve_it() -> None:
    job = await filmed()
    await accept(events.approved(job, revision=2, board=SECOND, edits=True), prices=PRICES)
    row = await find(job)
    assert (row.status, row.approved_digest) == ("approved", SECOND.digest)


async def test_what_is_filmed_is_not_filmed_again() -> None:
    job = await filmed()
    before = await find(job)
    for revision in (1, 2):
        await accept(events.approved(job, revision=revision, board=FIRST), prices=PRICES)
    await accept(events.edited(job, revision=3, board=FIRST), prices=PRICES)
    row = await find(job)
    assert (row.status, row.storyboard_revision) == ("completed", 3)
    # Whoever saved is told that it was heard, though nothing is made of it.
    assert row.sequence == before.sequence + 2
    with pytest.raises(IllegalMove):
        await decisions.approve(
            job, digest=FIRST.digest, estimate=Decimal("0.05"), by="ann", prices=PRICES
        )
    with pytest.raises(IllegalMove):
        await accept(events.retried())


@pytest.mark.parametrize("end", ["cancelled", "failed", "cancelled while it waits"])
async def test_a_revision_that_comes_to_nothing_leaves_the_film_and_can_be_edited(end: str) -> None:
    job = await filmed()
    await accept(events.edited(job, revision=2, board=SECOND), prices=PRICES)
    if end != "cancelled while it waits":
        await accept(events.approved(job, revision=2, board=SECOND), prices=PRICES)
        lease = await claimed(job)
    if end == "failed":
        await leases.fail(lease, Problem(code="x", message="X."))
    else:
        await accept(events.cancelled())
    row = await find(job)
    assert (row.status in {Status.FAILED, Status.CANCELLED}, row.filmed) == (True, True)
    assert (await films.finished(job)).key == "first.mp4"
    await accept(events.edited(job, revision=3, board=FIRST), prices=PRICES)
    assert (await find(job)).status == "storyboard_complete"
    await accept(events.approved(job, revision=3, board=FIRST, price=Decimal(0)), prices=PRICES)
    await film(job, "third")
    assert (await films.finished(job)).key == "third.mp4"
    assert await approvals.spent_on(job) == Decimal("0.10")


@pytest.mark.parametrize("end", ["cancelled", "failed"])
async def test_a_first_film_that_came_to_nothing_is_made_with_the_edit_it_refused(end: str) -> None:
    job = await drafted()
    await accept(events.approved(job, revision=1, board=FIRST), prices=PRICES)
    lease = await claimed(job)
    with pytest.raises(IllegalMove):
        await accept(events.edited(job, revision=2, board=SECOND), prices=PRICES)
    if end == "failed":
        await leases.fail(lease, Problem(code="x", message="X."))
    else:
        await accept(events.cancelled())
    quoted = await approvals.quote(await find(job), SECOND, PRICES)
    approval = events.approved(job, revision=3, board=SECOND, price=quoted.named, edits=True)
    await accept(approval, prices=PRICES)
    await film(job, "second")
    shown = await films.finished(job)
    assert (shown.key, shown.storyboard) == ("second.mp4", SECOND)
    assert (await find(job)).storyboard_revision == 3
    assert await approvals.spent_on(job) == quoted.named == Decimal("0.10")


async def test_a_retry_drafts_nothing_over_what_was_edited() -> None:
    job = await filmed()
    await accept(events.edited(job, revision=2, board=SECOND), prices=PRICES)
    await accept(events.cancelled())
    await accept(events.retried())
    row = await find(job)
    assert (row.status, row.storyboard, row.wake_at) == ("storyboard_complete", SECOND, None)


async def test_a_job_that_was_never_filmed_is_not_edited_once_it_is_cancelled() -> None:
    job = await drafted()
    await accept(events.cancelled())
    with pytest.raises(IllegalMove):
        await accept(events.edited(job, revision=2, board=SECOND))


async def test_the_cms_is_told_which_revision_is_shown_and_what_it_was_made_with() -> None:
    placeholder = Problem(code="placeholder_used", message="One picture is a placeholder.")
    job = await filmed(warnings=(placeholder,))
    await accept(events.edited(job, revision=2, board=SECOND), prices=PRICES)
    row = await find(job)
    assert row.generation_warnings == ()
    told = rendition_write(row, await films.newest(job))
    assert told.storyboard_revision == 2
    assert told.file
    assert (told.file.number, told.file.storyboard_revision) == (1, 1)
    assert told.file.storyboard_digest == FIRST.digest
    assert told.warnings == (placeholder,)


async def test_the_cms_is_told_the_words_of_the_film_and_not_of_an_edit() -> None:
    job = await filmed()
    await accept(events.edited(job, revision=2, board=SECOND), prices=PRICES)
    row, shown = await find(job), await films.newest(job)
    told = rendition_write(row, shown, has_stream=True)
    assert told.file
    assert (told.file.language, told.file.alt) == (FIRST.locale, FIRST.title)
    assert told.file.has_stream
    assert told.transcript == f"{FIRST.title}\n\nOne.\n\nTwo.\n"


async def test_a_transcript_that_is_too_long_is_not_told_in_part() -> None:
    row, shown = await find(job := await filmed()), await films.newest(job)
    length = len(rendition_write(row, shown).transcript or "")
    exact, less = Lengths(alt=3, transcript=length), Lengths(transcript=length - 1)
    assert rendition_write(row, shown, lengths=exact).transcript
    assert rendition_write(row, shown, lengths=less).transcript is None
    told = rendition_write(row, shown, lengths=exact).file
    assert told
    assert len(told.alt) <= 3


async def test_a_film_that_nobody_speaks_in_says_nothing() -> None:
    job = await filmed()
    silent = msgspec.json.encode(board("", "")).decode()
    await GeneratedVideo.update({GeneratedVideo.storyboard_data: silent}, force=True)
    told = rendition_write(await find(job), await films.newest(job))
    assert told.file
    assert (told.file.language, told.transcript) == (FIRST.locale, "")


async def test_a_film_whose_words_nobody_wrote_down_has_none() -> None:
    job = await filmed()
    await GeneratedVideo.update({GeneratedVideo.storyboard_data: None}, force=True)
    told = rendition_write(await find(job), await films.newest(job))
    assert told.file
    assert (told.file.language, told.file.alt, told.transcript) == ("", "", None)


async def test_the_cms_is_told_whether_there_is_a_stream() -> None:
    job = await filmed()
    shown = await films.newest(job)
    assert shown
    assert not await films.has_stream(shown.id)
    main = StoredFile(
        kind=FileKind.HLS,
        name=renditions.HLS_MAIN,
        key="main.m3u8",
        media_type="application/vnd.apple.mpegurl",
        bytes=1,
        sha256="0" * 64,
    )
    await renditions.record_files(shown.id, [main], at=shown.created_at)
    assert await films.has_stream(shown.id)


BOARDS = (("One.", "Two."), ("One.", "Three."), ("Four.",))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["edit", "approve", "approve here", "film", "fail", "cancel", "retry", "render"]
        ),
        st.sampled_from(BOARDS),
    ),
    max_size=10,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
async def test_whatever_happens_the_states_and_the_books_hold(
    steps: list[tuple[str, tuple[str, ...]]],
) -> None:
    name = uuid4().hex
    job = (await accept(events.submitted(video=name))).job_id
    await put(job, Status.STORYBOARD_COMPLETE)
    # No example finds what another has made.
    boards = {words: board(*(f"{name} {one}" for one in words), prompt=name) for words in BOARDS}
    await accept(events.edited(job, revision=1, board=boards[BOARDS[0]]), prices=PRICES)
    paid: set[str] = set()
    for number, (step, words) in enumerate(steps, start=2):
        before, made = await find(job), await films.of_job(job)
        with suppress(Refusal, AssertionError):
            await _take(step, job, name, boards[words], number)
        after, now = await find(job), await films.of_job(job)
        if after.status is not before.status and step != "film":
            reached = MOVES[before.status] | {
                further for one in MOVES[before.status] for further in MOVES[one]
            }
            assert after.status in reached, (step, before.status, after.status)
        # What was filmed stays, and only filming adds to it.
        assert now[len(now) - len(made) :] == made
        if len(now) > len(made):
            assert (step, after.status) == ("film", Status.COMPLETED)
        # Nothing is worked on that nobody approved, and no more is spent than was.
        if after.status in {Status.APPROVED, Status.GENERATING}:
            assert (after.approved, after.approved_digest) == (True, after.storyboard_digest)
        spent = await approvals.spent_on(job)
        assert spent <= (after.approved_cost or spent)
        if len(now) > len(made):
            paid |= _requests(after.storyboard)
        assert spent == sum(Decimal("0.01" if one[0] == "n" else "0.04") for one in paid)
        if after.status in FINISHED:
            assert after.wake_at is None
        assert (await GeneratedVideo.count().where(GeneratedVideo.job == job)) == len(now)
    assert (await Job.select(Job.lease_owner).where(Job.id == job))[0]["lease_owner"] == ""


def _requests(filmed: Storyboard | None) -> set[str]:
    assert filmed
    return {
        name
        for scene in filmed.scenes
        for name in (
            "p" + request_digest(image_request(filmed, scene)),
            "n" + request_digest(speech_request(filmed, scene)),
        )
    }


async def _take(step: str, job: UUID, name: str, edited: Storyboard, revision: int) -> None:
    match step:
        case "edit":
            await accept(events.edited(job, revision=revision, board=edited), prices=PRICES)
        case "approve":
            approved = events.approved(job, revision=revision, board=edited, edits=True)
            await accept(approved, prices=PRICES)
        case "approve here":
            row = await find(job)
            assert row.storyboard
            quoted = await approvals.quote(row, row.storyboard, PRICES)
            await decisions.approve(
                job, digest=row.storyboard_digest, estimate=quoted.named, by="ann", prices=PRICES
            )
        case "film":
            await film(job, f"film-{revision}")
        case "fail":
            lease = await claimed(job)
            await leases.fail(lease, Problem(code="x", message="X."))
        case "cancel":
            await accept(events.cancelled(video=name))
        case "retry":
            await accept(events.retried(video=name))
        case _:
            await transitions.render(job)
