"""What a wake-up does: it hands its job to whoever works on it, and is over.

arq holds a key in Redis for as long as one of its tasks runs, and cancels them
all when Redis goes away; so none of them runs longer than a moment.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from arq.worker import Retry

from daemon.deliveries import Deliveries
from daemon.work.workload import Workload

Context = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where wake-ups hand their jobs in; every task finds it as `desk` in its context."""

    drafts: Workload
    renders: Workload
    news: Deliveries


async def draft_storyboard(ctx: Context, job: str, attempt: int | None = None) -> None:
    """Turn a pending job's brief into a storyboard."""
    desk: Desk = ctx["desk"]
    _hand_in(desk.drafts, job, attempt)


async def render_video(ctx: Context, job: str, attempt: int | None = None) -> None:
    """Turn an approved job's storyboard into a video."""
    desk: Desk = ctx["desk"]
    _hand_in(desk.renders, job, attempt)


async def deliver_outbox(ctx: Context, job: str) -> None:
    """Tell Payload what is new about a job."""
    desk: Desk = ctx["desk"]
    desk.news.tell(UUID(job))


def _hand_in(workload: Workload, job: str, attempt: int | None) -> None:
    if not workload.begin(UUID(job), after=attempt):
        # The last place was taken in between: another daemon may have one.
        raise Retry
