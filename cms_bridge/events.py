"""The webhook events that the Payload plugin sends, as one tagged union.

The wire form is that of Standard Webhooks: `{"type", "timestamp", "data"}`.
`specs/events.schema.json` is generated from here (`make specs`), and the
plugin's `src/generated/events.ts` from that file.
"""

from decimal import Decimal
from typing import Annotated

import msgspec

from cms_bridge.fields import LONGEST_NAME, Count, Id, Moment, Price
from cms_bridge.lexicons import MOST_ENTRIES
from cms_bridge.pricing.amounts import rounded
from cms_bridge.states import Priority
from render.own import CmsFile
from render.pronunciation import Pronunciation
from render.storyboard import Brief, Storyboard


class _Wire(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Named in camelCase on the wire, with no fields that are not known.

    A misspelt price would else be an approval at any. So the bridge is upgraded before whoever
    sends it more.
    """


class Project(_Wire, frozen=True, kw_only=True):
    """The project a video belongs to."""

    id: Id
    name: Annotated[str, msgspec.Meta(max_length=200)]


class VideoRef(_Wire, frozen=True, kw_only=True):
    """Names one submission of a video: a video submitted again counts upwards."""

    project_id: Id
    video_id: Id
    submission: Count


class Submission(_Wire, frozen=True, kw_only=True):
    """A brief, handed over to be filmed."""

    project: Project
    video_id: Id
    submission: Count
    version: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] = ""
    """The document's version as the CMS names it: provenance, never compared."""
    priority: Priority | None = None
    """Among its project's jobs; None for the project's own."""
    brief: Brief


class StoryboardChange(_Wire, frozen=True, kw_only=True):
    """A storyboard as an editor left it."""

    job_id: Id
    storyboard_id: Id
    revision: Count
    """Counts the editor's saves; an event with an older revision than seen is passed over."""
    by: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """Who saved it: an e-mail address or a name."""
    estimated_cost: Price | None = None
    """The price in US dollars, as text, that an approval answers to; None where none was shown."""
    edited: bool = False
    """Whether the very save that approved changed the storyboard too, be it back to what it was."""
    storyboard: Storyboard

    def __post_init__(self) -> None:
        """Refuse what is no amount."""
        rounded(self.estimated_cost or Decimal(0))


class Replacement(StoryboardChange, frozen=True, kw_only=True):
    """A storyboard in which a file of the CMS's media library was replaced by another."""

    file: CmsFile
    """The file as it is now; the storyboard names it wherever it named the one before."""


class Pronunciations(_Wire, frozen=True, kw_only=True):
    """How a project has words pronounced, whole."""

    project: Project
    entries: Annotated[tuple[Pronunciation, ...], msgspec.Meta(max_length=MOST_ENTRIES)]


class VideoSubmitted(_Wire, frozen=True, kw_only=True, tag_field="type", tag="video.submitted"):
    """An editor asks for a storyboard."""

    timestamp: Moment
    data: Submission


class StoryboardEdited(_Wire, frozen=True, kw_only=True, tag_field="type", tag="storyboard.edited"):
    """An editor changed scenes; an approval given before is void."""

    timestamp: Moment
    data: StoryboardChange


class AssetReplaced(_Wire, frozen=True, kw_only=True, tag_field="type", tag="asset.replaced"):
    """An editor replaced a file that this video shows; to the video it is an edit."""

    timestamp: Moment
    data: Replacement


class StoryboardApproved(
    _Wire, frozen=True, kw_only=True, tag_field="type", tag="storyboard.approved"
):
    """An editor approved exactly this storyboard: generate and compose."""

    timestamp: Moment
    data: StoryboardChange


class VideoCancelled(_Wire, frozen=True, kw_only=True, tag_field="type", tag="video.cancelled"):
    """An editor stops the work."""

    timestamp: Moment
    data: VideoRef


class VideoRetried(_Wire, frozen=True, kw_only=True, tag_field="type", tag="video.retried"):
    """An editor asks for a failed or cancelled job once more."""

    timestamp: Moment
    data: VideoRef


class LexiconChanged(
    _Wire, frozen=True, kw_only=True, tag_field="type", tag="project.lexicon_changed"
):
    """An editor says how words are pronounced in all that is spoken for a project from now on."""

    timestamp: Moment
    data: Pronunciations


JobEvent = (
    VideoSubmitted
    | StoryboardEdited
    | AssetReplaced
    | StoryboardApproved
    | VideoCancelled
    | VideoRetried
)
"""What is about one video, and so about a job."""
Event = JobEvent | LexiconChanged


def tag_of(event: Event) -> str:
    """Return an event's `type`, as it is on the wire."""
    return str(type(event).__struct_config__.tag)
