"""NUL in an event: text that PostgreSQL cannot store, and that no event may fail for."""

import msgspec
import pytest

from cms_bridge.events import Project
from cms_bridge.inbox import intake
from cms_bridge.jobs import transitions
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.states import Status
from cms_bridge.tables import Job
from render.storyboard import Limits
from tests.support.events import approved, storyboard, submitted

pytestmark = pytest.mark.anyio

TEXT = "A\x00 text\x07"


async def test_it_is_left_out_of_everything_that_is_told_apart(database: str) -> None:
    event = submitted(title=TEXT, brief=TEXT, script=TEXT, style=TEXT, voice=TEXT)
    submission = msgspec.structs.replace(
        event.data, project=Project(id="project-1", name=TEXT), version=TEXT
    )
    event = msgspec.structs.replace(event, data=submission)
    job = (await intake.accept("evt_1", b"{}", event, limits=Limits(), prices=OFFLINE)).job_id

    await Job.update({Job.status: Status.STORYBOARD_COMPLETE}).where(Job.id == job)
    approval = approved(job, board=storyboard(TEXT, title=TEXT, style=TEXT))
    change = msgspec.structs.replace(approval.data, by=TEXT)
    event = msgspec.structs.replace(approval, data=change)
    await intake.accept("evt_2", b"[]", event, limits=Limits(), prices=OFFLINE)

    row = await transitions.find(job)
    assert row.title == row.version == row.approved_by == "A text"
    # What is filmed is kept as it was approved: its digest is what the approval is bound to.
    assert row.storyboard_digest == approval.data.storyboard.digest
