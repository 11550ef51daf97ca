"""A file of the CMS is replaced: an edit of whatever video shows it, recorded once."""

from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec.structs import replace

from cms_bridge.errors import EventConflict, IllegalMove, JobNotFound, RevisionConflict
from cms_bridge.events import AssetReplaced
from cms_bridge.inbox import webhooks
from cms_bridge.jobs import approvals
from cms_bridge.jobs.moves import find
from cms_bridge.jobs.revisions import Change, Part, differences
from cms_bridge.pricing.estimates import Prices
from cms_bridge.states import Status
from cms_bridge.tables import InboundEvent
from render.cast import CastMember
from render.errors import OwnFileMissing
from render.own import CmsFile
from render.storyboard import Scene, Storyboard
from tests.support import events
from tests.support.jobs import accept, drafted, put

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

PRICES = Prices(picture=lambda _: Decimal("0.04"), narration=lambda _: Decimal("0.01"))
BEFORE = CmsFile(collection="media", document="7", name="oven.png", version="1")
AFTER = replace(BEFORE, name="oven-new.png", version="2")


def board(file: CmsFile) -> Storyboard:
    """Return a film of two scenes: the first shows a picture of one's own."""
    return events.storyboard(
        scenes=(Scene(id="s1", picture=file), Scene(id="s2", picture_prompt="A street"))
    )


async def standing(status: Status, file: CmsFile = BEFORE) -> UUID:
    """Store a job that stands somewhere with a film of this file, of revision 1."""
    job = await drafted()
    shown = board(file)
    await put(
        job,
        status,
        storyboard_data=msgspec.json.encode(shown).decode(),
        storyboard_digest=shown.digest,
        storyboard_revision=1,
        video_url="film.mp4" if status is Status.COMPLETED else None,
        wake_at=None,
    )
    return job


@pytest.mark.parametrize(
    "status", [Status.STORYBOARD_COMPLETE, Status.APPROVED, Status.COMPLETED, Status.FAILED]
)
async def test_it_is_a_change_that_waits_for_an_approval_at_the_price_of_what_is_new(
    status: Status,
) -> None:
    job = await standing(status)
    await accept(events.replaced(job, AFTER, revision=2, board=board(AFTER)), prices=PRICES)
    row = await find(job)
    assert (row.status, row.approved, row.storyboard_revision) == ("storyboard_complete", False, 2)
    assert row.storyboard == board(AFTER)
    (told,) = differences(board(BEFORE), board(AFTER))
    assert (told.number, told.change, told.parts) == (1, Change.EDITED, (Part.PICTURE,))
    # The model's picture of the other scene is not there in this test: a file of one's own is 0.
    quoted = await approvals.quote(row, board(AFTER), PRICES)
    assert [one.picture for one in quoted.priced.scenes] == [Decimal(0), Decimal("0.04")]


async def test_the_same_event_is_recorded_once_and_no_other_is_taken_for_it() -> None:
    job = await standing(Status.COMPLETED)
    event = events.replaced(job, AFTER, revision=2, board=board(AFTER))
    first = await accept(event, message="evt_1")
    sequence = (await find(job)).sequence
    again = await accept(event, message="evt_1")
    assert (first.duplicate, again.duplicate) == (False, True)
    assert (await find(job)).sequence == sequence
    (row,) = await InboundEvent.select().where(InboundEvent.job == job, InboundEvent.id == "evt_1")
    assert row["type"] == "asset.replaced"
    other = events.replaced(job, AFTER, revision=3, board=board(AFTER))
    with pytest.raises(EventConflict):
        await accept(other, message="evt_1")


async def test_what_comes_late_is_passed_over_and_what_contradicts_is_refused() -> None:
    job = await standing(Status.COMPLETED)
    newest = replace(AFTER, version="3")
    await accept(events.replaced(job, newest, revision=3, board=board(newest)))
    await accept(events.replaced(job, AFTER, revision=2, board=board(AFTER)))
    assert (await find(job)).storyboard == board(newest)
    with pytest.raises(RevisionConflict):
        await accept(events.replaced(job, AFTER, revision=3, board=board(AFTER)))


@pytest.mark.parametrize("status", [Status.GENERATING, Status.COMPOSING, Status.UPLOADING])
async def test_a_film_that_is_being_made_is_finished_first(status: Status) -> None:
    job = await standing(status)
    with pytest.raises(IllegalMove):
        await accept(events.replaced(job, AFTER, revision=2, board=board(AFTER)), message="evt_1")
    assert (await find(job)).storyboard == board(BEFORE)
    assert not await InboundEvent.exists().where(InboundEvent.id == "evt_1")
    await put(job, Status.COMPLETED, video_url="film.mp4")
    approval = events.approved(job, revision=2, board=board(AFTER), edits=True)
    await accept(approval, prices=PRICES)
    row = await find(job)
    assert (row.status, row.storyboard) == ("approved", board(AFTER))


async def test_a_file_that_the_storyboard_does_not_show_replaces_nothing() -> None:
    job = await standing(Status.COMPLETED)
    with pytest.raises(OwnFileMissing) as raised:
        await accept(events.replaced(job, AFTER, revision=2, board=board(BEFORE)))
    assert raised.value.params["field"] == "file"
    with pytest.raises(JobNotFound):
        await accept(events.replaced(uuid4(), AFTER, board=board(AFTER)))


async def test_a_picture_of_the_cast_is_shown_wherever_the_cast_is() -> None:
    job = await standing(Status.COMPLETED)
    mira = replace(board(BEFORE), cast=(CastMember(name="Mira", references=(AFTER,)),))
    await accept(events.replaced(job, AFTER, revision=2, board=mira))
    assert (await find(job)).storyboard == mira


async def test_it_is_read_as_it_is_sent() -> None:
    event = events.replaced(uuid4(), AFTER, board=board(AFTER))
    assert webhooks.decode(msgspec.json.encode(event)) == event
    assert isinstance(event, AssetReplaced)
