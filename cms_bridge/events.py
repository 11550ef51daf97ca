"""The webhook events that the Payload plugin sends, as one tagged union.

The wire form is that of Standard Webhooks: `{"type", "timestamp", "data"}`.
`specs/events.schema.json` is generated from here (`make specs`), and the
plugin's `src/events.ts` from that file.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from cms_bridge.money import rounded
from render.storyboard import Brief, Storyboard

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
"""A document's id in the CMS, as text."""


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    """Named in camelCase on the wire. Unknown fields are ignored: senders may be newer."""


class Project(_Wire, frozen=True, kw_only=True):
    """The project a video belongs to."""

    id: Id
    name: Annotated[str, msgspec.Meta(max_length=200)]


class VideoRef(_Wire, frozen=True, kw_only=True):
    """Names one submission of a video: a video submitted again counts upwards."""

    project_id: Id
    video_id: Id
    submission: Annotated[int, msgspec.Meta(ge=1)]


class Submission(_Wire, frozen=True, kw_only=True):
    """A brief, handed over to be filmed."""

    project: Project
    video_id: Id
    submission: Annotated[int, msgspec.Meta(ge=1)]
    version: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """The document's version as the CMS names it: provenance, never compared."""
    brief: Brief


class StoryboardChange(_Wire, frozen=True, kw_only=True):
    """A storyboard as an editor left it."""

    job_id: Id
    storyboard_id: Id
    revision: Annotated[int, msgspec.Meta(ge=1)]
    """Counts the editor's saves; an event with an older revision than seen is passed over."""
    by: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """Who saved it: an e-mail address or a name."""
    estimated_cost: Decimal | None = None
    """The price in US dollars, as text, that an approval answers to; None where none was shown."""
    edited: bool = False
    """Whether the very save that approved changed the storyboard too, be it back to what it was."""
    storyboard: Storyboard

    def __post_init__(self) -> None:
        """Refuse what is no amount."""
        rounded(self.estimated_cost or Decimal(0))


class VideoSubmitted(_Wire, frozen=True, kw_only=True, tag_field="type", tag="video.submitted"):
    """An editor asks for a storyboard."""

    timestamp: datetime
    data: Submission


class StoryboardEdited(_Wire, frozen=True, kw_only=True, tag_field="type", tag="storyboard.edited"):
    """An editor changed scenes; an approval given before is void."""

    timestamp: datetime
    data: StoryboardChange


class StoryboardApproved(
    _Wire, frozen=True, kw_only=True, tag_field="type", tag="storyboard.approved"
):
    """An editor approved exactly this storyboard: generate and compose."""

    timestamp: datetime
    data: StoryboardChange


class VideoCancelled(_Wire, frozen=True, kw_only=True, tag_field="type", tag="video.cancelled"):
    """An editor stops the work."""

    timestamp: datetime
    data: VideoRef


class VideoRetried(_Wire, frozen=True, kw_only=True, tag_field="type", tag="video.retried"):
    """An editor asks for a failed or cancelled job once more."""

    timestamp: datetime
    data: VideoRef


Event = VideoSubmitted | StoryboardEdited | StoryboardApproved | VideoCancelled | VideoRetried
