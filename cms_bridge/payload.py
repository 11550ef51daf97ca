"""What the bridge writes back into Payload, and the client that writes it.

Both writes are signed `PUT`s to endpoints of the plugin
(`/api/reelwright/jobs/{jobId}/storyboard` and `…/rendition`), which owns the
collections behind them; no Payload user or API key is involved. Each is a
whole state, safe to repeat: a storyboard is created once, a rendition is
replaced unless what is stored has a higher `sequence`.
"""

from decimal import Decimal
from typing import Annotated

import msgspec

from cms_bridge.events import Id
from render.storyboard import Storyboard


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    """Named in camelCase on the wire."""


class StoryboardWrite(_Wire, kw_only=True):
    """A drafted storyboard, handed to the editors."""

    job_id: Id
    project_id: Id
    video_id: Id
    submission: int
    storyboard: Storyboard
    digest: str
    estimated_cost: Decimal
    """US dollars for generating every scene."""


class Problem(_Wire, kw_only=True):
    """A warning or an error: a code to translate, its values, and the English sentence."""

    code: str
    message: str
    params: dict[str, str | float] = {}


class RenditionFile(_Wire, kw_only=True):
    """The finished video as stored."""

    duration: float
    """Seconds."""
    width: int
    height: int
    bytes: int


class RenditionWrite(_Wire, kw_only=True):
    """A job as an editor sees it."""

    job_id: Id
    project_id: Id
    video_id: Id
    submission: int
    sequence: Annotated[int, msgspec.Meta(ge=1)]
    """Counts the job's changes; a write with a lower one than stored is passed over."""
    status: str
    """One of `cms_bridge.jobs.Status`."""
    progress: Annotated[int, msgspec.Meta(ge=0, le=100)]
    scenes_done: int = 0
    scenes_total: int = 0
    storyboard_digest: str = ""
    estimated_cost: Decimal = Decimal(0)
    actual_cost: Decimal = Decimal(0)
    warnings: tuple[Problem, ...] = ()
    error: Problem | None = None
    file: RenditionFile | None = None
    """Present once the video is finished; links are asked for when someone watches."""
