"""Projects, their jobs, and who works on those."""

from decimal import Decimal

from piccolo.columns import (
    JSON,
    UUID,
    Boolean,
    ForeignKey,
    Integer,
    Numeric,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.columns.indexes import IndexMethod
from piccolo.table import Table

from cms_bridge.tables.dollars import DOLLARS


class Project(Table):
    """A project of the CMS: what isolates one customer's objects from another's."""

    id = Varchar(length=128, primary_key=True)
    name = Varchar(length=200)
    cap_project = Numeric(DOLLARS, null=True, default=None)
    """What all its videos together may cost; None leaves it to the configuration."""
    cap_video = Numeric(DOLLARS, null=True, default=None)
    """What each of its videos may cost; None leaves it to the configuration."""
    lost_call = Numeric(DOLLARS, null=True, default=None)
    """Up to which price a lost call counts as paid; None leaves it to the configuration."""
    lost_video = Numeric(DOLLARS, null=True, default=None)
    """Up to which sum those of one video do; None leaves it to the configuration."""
    priority = Integer(default=0)
    """The rank (`cms_bridge.states.Priority`) of its jobs that have none of their own."""
    created_at = Timestamptz()


class Job(Table):
    """One submission of one video, or one medium asked for by itself, and who works on it."""

    id = UUID(primary_key=True)
    kind = Varchar(length=16, default="video")
    """One of `cms_bridge.states.JobKind`."""
    parent = UUID(null=True, default=None)
    """Of an export: the job whose video it makes once more. Of a reading: whose texts it reads."""
    output = JSON(null=True, default=None)
    """Of an export: a `cms_bridge.records.Output`."""
    project = ForeignKey(Project, on_delete=OnDelete.restrict, null=False)
    video_id = Varchar(length=128)
    """The CMS document's name."""
    field = Varchar(length=128, default="")
    """The field of that document that a medium is for."""
    submission = Integer()
    """Counts a video's; 0 for a medium."""
    idempotency_key = Varchar(length=128, null=True, default=None)
    """The asker's own name for a medium: asked for twice, it is made once."""
    version = Varchar(length=128)
    """The CMS document's version: provenance."""
    origin = Varchar(length=16, default="cms")
    """One of `cms_bridge.states.Origin`: who asked for it, and so who waits to be told of it."""
    approval_policy = JSON(null=True, default=None)
    """What its storyboard may cost to be approved by itself (`cms_bridge.records.ApprovalPolicy`);
    None where a person decides."""
    priority = Integer(null=True, default=None)
    """Its rank among its project's (`cms_bridge.states.Priority`); None for the project's own."""
    title = Text()
    brief = JSON()

    status = Varchar(length=32, index=True)
    progress = Integer()
    scenes_done = Integer()
    scenes_total = Integer()
    sequence = Integer()
    """Counts every change that an editor can see."""
    stage = JSON(null=True, default=None)
    """What is just being done, and by which model (`cms_bridge.records.Stage`); None while nobody
    works on it."""

    storyboard_data = JSON(null=True, default=None)
    storyboard_digest = Varchar(length=64)
    storyboard_revision = Integer()
    storyboard_past = JSON(default="[]")
    """Digests of what stood here before: an approval of one of them is an old one."""
    approved = Boolean()
    approved_digest = Varchar(length=64)
    approved_cost = Numeric(DOLLARS, null=True, default=None)
    """What may be spent on it at most, drafting apart: a cap like the others; None for nothing."""
    approved_by = Varchar(length=200)
    approved_at = Timestamptz(null=True, default=None)

    estimated_cost = Numeric(DOLLARS, default=Decimal(0))
    actual_cost = Numeric(DOLLARS, default=Decimal(0))
    model_fallback_occurred = Boolean()
    generation_warnings = JSON(default="[]")
    charge_warnings = JSON(default="[]")
    """The ledger's own: calls that may have been charged, until a person says so."""
    error_message = Text(null=True, default=None)
    error = JSON(null=True, default=None)
    """Code, sentence and values of what stopped the job."""
    video_url = Text(null=True, default=None)
    """The bridge's own path to the finished video."""

    attempt = Integer()
    """Counts claims; a worker that holds an older number can change nothing."""
    retry_count = Integer()
    """Automatic retries in the present phase."""
    lease_owner = Varchar(length=128)
    lease_expires_at = Timestamptz(null=True, default=None)
    wake_at = Timestamptz(null=True, default=None, index=True, index_method=IndexMethod.btree)
    """When the sweep should wake a worker for it; None while only a person can move it."""

    created_at = Timestamptz()
    updated_at = Timestamptz()


class Lexicon(Table):
    """How a project has words pronounced."""

    id = Varchar(length=128, primary_key=True)
    """The project's."""
    entries = JSON(default="[]")
    """`render.pronunciation.Pronunciation`, in the order in which they were given."""
    updated_at = Timestamptz()


class JobEvent(Table):
    """How a job stood after one change: kept for a while, for listeners to catch up."""

    id = Varchar(length=64, primary_key=True)
    """`<job>:<sequence>`."""
    job = ForeignKey(Job, on_delete=OnDelete.cascade, null=False)
    sequence = Integer()
    """The job's own."""
    at = Timestamptz(index=True)
    status = Varchar(length=32)
    progress = Integer()
    scenes_done = Integer()
    scenes_total = Integer()
    stage = JSON(null=True, default=None)
    model_fallback_occurred = Boolean()
    charge_warnings = JSON(default="[]")
    generation_warnings = JSON(default="[]")
    error = JSON(null=True, default=None)


class Attempt(Table):
    """One worker's claim on a job, from its start to its end."""

    id = UUID(primary_key=True)
    job = ForeignKey(Job, on_delete=OnDelete.cascade, null=False)
    number = Integer()
    phase = Varchar(length=16)
    """`storyboard` or `render`."""
    worker = Varchar(length=128)
    started_at = Timestamptz()
    finished_at = Timestamptz(null=True, default=None)
    outcome = Varchar(length=16)
    """One of `cms_bridge.states.AttemptOutcome`."""
    error_message = Text(null=True, default=None)


class Worker(Table):
    """A daemon that takes work, as it reported itself last."""

    id = Varchar(length=128, primary_key=True)
    """As in leases and attempts."""
    drafts = Integer()
    """How many storyboards it drafts at once."""
    jobs = Integer()
    """How many approved jobs it has in hand at once."""
    lanes = Varchar(length=64, default="")
    """Those of `cms_bridge.states.Lane` that it serves, apart by spaces; empty for all of them, as
    of an older daemon, which does not say."""
    started_at = Timestamptz()
    seen_at = Timestamptz(index=True)
    draining = Boolean(default=False)
    """Whether it was told to stop, and takes up nothing more."""
    resources = Text(null=True, default=None)
    """What it takes of its machine, as JSON: `cms_bridge.jobs.workers.Resources`."""


class Turn(Table):
    """When a project last had its turn in a lane: whoever waited longest for one goes next."""

    id = Varchar(length=160, primary_key=True)
    """`<lane>:<project>`."""
    at = Timestamptz()
