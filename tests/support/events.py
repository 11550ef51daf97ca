"""Events and storyboards as a CMS would send them, for tests."""

import base64
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec
from standardwebhooks import Webhook

from cms_bridge.events import (
    AssetReplaced,
    Event,
    LexiconChanged,
    Project,
    Pronunciations,
    Replacement,
    StoryboardApproved,
    StoryboardChange,
    StoryboardEdited,
    Submission,
    VideoCancelled,
    VideoRef,
    VideoRetried,
    VideoSubmitted,
)
from cms_bridge.states import Priority
from render.own import CmsFile
from render.pronunciation import Pronunciation
from render.storyboard import Brief, Scene, Storyboard

SECRET = "whsec_" + base64.b64encode(b"a test secret of thirty-two byte").decode()


def submitted(
    *,
    video: str = "video-1",
    submission: int = 1,
    project: str = "project-1",
    priority: Priority | None = None,
    **brief: Any,
) -> VideoSubmitted:
    return VideoSubmitted(
        timestamp=datetime.now(UTC),
        data=Submission(
            project=Project(id=project, name="A project"),
            video_id=video,
            submission=submission,
            version="v1",
            priority=priority,
            brief=Brief(**{"title": "A title", "script": "One sentence. And another.", **brief}),
        ),
    )


def storyboard(*narrations: str, **fields: Any) -> Storyboard:
    scenes = tuple(
        Scene(id=f"s{number}", narration=text)
        for number, text in enumerate(narrations or ("One.", "Two."), start=1)
    )
    return Storyboard(**{"title": "A title", "scenes": scenes, **fields})


def _change(
    job: Any,
    revision: int,
    board: Storyboard | None,
    price: Decimal | None = None,
    *,
    edits: bool = False,
) -> StoryboardChange:
    return StoryboardChange(
        job_id=str(job),
        storyboard_id="storyboard-1",
        revision=revision,
        by="editor@example.com",
        estimated_cost=price,
        edited=edits,
        storyboard=board or storyboard(),
    )


def edited(job: Any, *, revision: int = 1, board: Storyboard | None = None) -> StoryboardEdited:
    return StoryboardEdited(timestamp=datetime.now(UTC), data=_change(job, revision, board))


def replaced(job: Any, file: CmsFile, *, revision: int = 1, board: Storyboard) -> AssetReplaced:
    change = _change(job, revision, board)
    fields = {name: getattr(change, name) for name in change.__struct_fields__}
    return AssetReplaced(timestamp=datetime.now(UTC), data=Replacement(**fields, file=file))


def approved(
    job: Any,
    *,
    revision: int = 1,
    board: Storyboard | None = None,
    price: Decimal | None = None,
    edits: bool = False,
) -> StoryboardApproved:
    change = _change(job, revision, board, price, edits=edits)
    return StoryboardApproved(timestamp=datetime.now(UTC), data=change)


def _ref(video: str, submission: int) -> VideoRef:
    return VideoRef(project_id="project-1", video_id=video, submission=submission)


def cancelled(*, video: str = "video-1", submission: int = 1) -> VideoCancelled:
    return VideoCancelled(timestamp=datetime.now(UTC), data=_ref(video, submission))


def retried(*, video: str = "video-1", submission: int = 1) -> VideoRetried:
    return VideoRetried(timestamp=datetime.now(UTC), data=_ref(video, submission))


def lexicon(*entries: Pronunciation, project: str = "project-1") -> LexiconChanged:
    data = Pronunciations(project=Project(id=project, name="A project"), entries=entries)
    return LexiconChanged(timestamp=datetime.now(UTC), data=data)


def signed(
    event: Event | bytes,
    *,
    message: str | None = None,
    secret: str = SECRET,
    at: datetime | None = None,
) -> tuple[bytes, dict[str, str]]:
    """Return an event's body and the headers that a genuine sender sends with it."""
    body = event if isinstance(event, bytes) else msgspec.json.encode(event)
    message, at = message or f"evt_{uuid4()}", at or datetime.now(UTC)
    signature = Webhook(secret).sign(message, at, body.decode(errors="surrogateescape"))
    return body, {
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
