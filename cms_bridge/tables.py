"""The tables: the truth about projects, events, jobs, workers, charges, assets, videos and keys.

Times are UTC. Money is US dollars with six decimals. Names of the CMS's own
documents are kept as text, as the CMS wrote them. Unique indexes over several
columns live in a migration of their own: SQLite cannot add them as constraints.
"""

from decimal import Decimal

from piccolo.columns import (
    JSON,
    UUID,
    BigInt,
    Boolean,
    Bytea,
    DoublePrecision,
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

_MONEY = (12, 6)


class Project(Table):
    """A project of the CMS: what isolates one customer's objects from another's."""

    id = Varchar(length=128, primary_key=True)
    name = Varchar(length=200)
    cap_project = Numeric(_MONEY, null=True, default=None)
    """What all its videos together may cost; None leaves it to the configuration."""
    cap_video = Numeric(_MONEY, null=True, default=None)
    """What each of its videos may cost; None leaves it to the configuration."""
    created_at = Timestamptz()


class Job(Table):
    """One submission of one video, or one medium asked for by itself, and who works on it."""

    id = UUID(primary_key=True)
    kind = Varchar(length=16, default="video")
    """One of `cms_bridge.states.JobKind`."""
    parent = UUID(null=True, default=None)
    """Of an export: the job whose video it makes once more."""
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
    approved_cost = Numeric(_MONEY, null=True, default=None)
    """What may be spent on it at most, drafting apart: a cap like the others; None for nothing."""
    approved_by = Varchar(length=200)
    approved_at = Timestamptz(null=True, default=None)

    estimated_cost = Numeric(_MONEY, default=Decimal(0))
    actual_cost = Numeric(_MONEY, default=Decimal(0))
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


class InboundEvent(Table):
    """The inbox: a webhook that was verified and accepted, byte for byte."""

    id = Varchar(length=128, primary_key=True)
    type = Varchar(length=64)
    body = Bytea()
    body_sha256 = Varchar(length=64)
    job = ForeignKey(Job, on_delete=OnDelete.cascade)
    received_at = Timestamptz()


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


class Charge(Table):
    """One paid call: written before it is made, and ended when its price is known."""

    id = UUID(primary_key=True)
    job = ForeignKey(Job, on_delete=OnDelete.restrict, null=False, index=True)
    project = ForeignKey(Project, on_delete=OnDelete.restrict, null=False)
    scene_id = Varchar(length=64)
    """Empty for what is made for the whole video."""
    kind = Varchar(length=16)
    """`picture`, `narration` or `storyboard`."""
    attempt = Integer()
    """The claim on the job under which it was made or last taken up."""
    call = Integer()
    """Counts the calls of one request, over all models, from 1."""
    provider = Varchar(length=64)
    model = Varchar(length=128)
    request_digest = Varchar(length=64)
    provider_id = Varchar(length=128, null=True, default=None)
    """The provider's name for the work, by which it can be fetched again."""
    reserved = Numeric(_MONEY, default=Decimal(0))
    settled = Numeric(_MONEY, null=True, default=None)
    """What it really cost; None until that is known."""
    state = Varchar(length=16)
    """One of `cms_bridge.ledger.charges.ChargeState`."""
    useless = Boolean(default=False)
    """Paid for an answer that nothing could be made of."""
    reason = Text()
    """One sentence on why it was released or is unknown."""
    answer = JSON(null=True, default=None)
    """What came of it (`cms_bridge.ledger.vault.Answer`), from its arrival on."""
    created_at = Timestamptz()
    updated_at = Timestamptz()


class Spend(Table):
    """What is held against one cap: everything reserved, settled and unknown within its scope.

    A sum kept beside the charges, so that one conditional statement can refuse
    what would pass the cap. Millionths of a dollar: integers add up exactly on
    both engines, where SQLite's NUMERIC is a float.
    """

    id = Varchar(length=320, primary_key=True)
    """Named by `cms_bridge.pricing.caps.Account`, so that no two scopes share a row."""
    held = BigInt()


class Approval(Table):
    """An editor's word that exactly this storyboard may be filmed at this price."""

    id = UUID(primary_key=True)
    job = ForeignKey(Job, on_delete=OnDelete.cascade, null=False)
    storyboard_digest = Varchar(length=64)
    estimated_cost = Numeric(_MONEY, default=Decimal(0))
    """The price it names."""
    bound = Numeric(_MONEY, default=Decimal(0))
    """What the job might then cost at most, what was spent on it before included."""
    by = Varchar(length=200)
    at = Timestamptz()
    voided_at = Timestamptz(null=True, default=None)
    """When an edit took it back."""


class Asset(Table):
    """A picture or a narration of one scene, with the record of how it was made."""

    id = UUID(primary_key=True)
    job = ForeignKey(Job, on_delete=OnDelete.cascade, null=False)
    scene_id = Varchar(length=64)
    kind = Varchar(length=16)
    """`picture` or `narration`."""
    request_digest = Varchar(length=64)
    """SHA-256 of everything the provider was asked: a repeat finds the asset by it."""
    source = Varchar(length=16, default="model")
    """One of `render.source.Source`."""
    condition = Varchar(length=16, default="unchecked")
    """One of `cms_bridge.assets.Condition`."""
    key = Text()
    media_type = Varchar(length=64)
    bytes = BigInt()
    provider = Varchar(length=64)
    model_intended = Varchar(length=128)
    model_used = Varchar(length=128)
    cost = Numeric(_MONEY, default=Decimal(0))
    generation_metadata = JSON(default="{}")
    """Attempt, seconds it took, warnings, and the document and version it was made for."""
    created_at = Timestamptz()


class GeneratedVideo(Table):
    """A rendition: a finished video and its poster in the object store. A job has several.

    The newest that no export made is the one that is shown as the job's video.
    """

    id = UUID(primary_key=True)
    job = ForeignKey(Job, on_delete=OnDelete.cascade, null=False)
    """The video's job, also of what an export made."""
    export_job = ForeignKey(Job, on_delete=OnDelete.cascade, null=True, default=None)
    """The job that made it in another shape, size or format; None of a film itself."""
    number = Integer(default=1)
    """Counts a job's renditions, from 1."""
    storyboard_revision = Integer()
    """The job's, as it was when this was filmed."""
    storyboard_digest = Varchar(length=64)
    storyboard_data = JSON(null=True, default=None)
    """What was filmed: an edit leaves it as it is."""
    aspect_ratio = Varchar(length=8, default="16:9")
    """One of `render.storyboard.AspectRatio`."""
    format = Varchar(length=16, default="h264")
    """One of `render.rendition.Codec`, in an MP4."""
    fps = Integer(default=30)
    """Frames in `fps_divisor` seconds: television's 29.97 are 30000 in 1001."""
    fps_divisor = Integer(default=1)
    key = Text()
    poster_key = Text()
    duration = DoublePrecision()
    """Seconds."""
    width = Integer()
    height = Integer()
    bytes = BigInt()
    warnings = JSON(default="[]")
    """What it was made with: placeholders, fallbacks, words that did not fit."""
    created_at = Timestamptz()


class RenditionFile(Table):
    """One file of a rendition in the object store: the video, its poster, captions, and so on."""

    id = UUID(primary_key=True)
    rendition = ForeignKey(GeneratedVideo, on_delete=OnDelete.cascade, null=False)
    kind = Varchar(length=16)
    """One of `cms_bridge.states.FileKind`."""
    name = Varchar(length=128)
    """Its path among the rendition's files."""
    language = Varchar(length=64)
    """Of what is said or read in it; empty where it has none."""
    key = Text()
    media_type = Varchar(length=64)
    bytes = BigInt()
    sha256 = Varchar(length=64)
    created_at = Timestamptz()


class UploadedAsset(Table):
    """A picture, clip or sound that was given to a project, and its object in the store."""

    id = UUID(primary_key=True)
    project = ForeignKey(Project, on_delete=OnDelete.restrict, null=False)
    name = Varchar(length=200)
    key = Text()
    sha256 = Varchar(length=64)
    """Of its bytes, in hex: the same content in a project is one asset."""
    use = Varchar(length=16)
    """One of `render.containers.reader.Use`."""
    bytes = BigInt()
    width = Integer()
    """Pixels as stored, as is `height`; 0 of sound."""
    height = Integer()
    seconds = DoublePrecision()
    """0 of pictures, and where the file does not say."""
    scanned = Boolean(default=False)
    """Whether a scanner found nothing in it."""
    uploaded_by = Varchar(length=128)
    """The id of the key that it came with."""
    state = Varchar(length=16)
    """One of `cms_bridge.uploads.registry.UploadState`."""
    created_at = Timestamptz()
    touched_at = Timestamptz()
    """When somebody last had it in hand."""


class OutboxMessage(Table):
    """What the CMS has yet to be told of a job: a topic, its newest and its delivered version."""

    id = UUID(primary_key=True)
    job = ForeignKey(Job, on_delete=OnDelete.cascade, null=False)
    topic = Varchar(length=16)
    """`storyboard` or `rendition`."""
    version = Integer()
    delivered_version = Integer()
    attempts = Integer()
    """Failed deliveries since the last success."""
    due_at = Timestamptz(null=True, default=None, index=True)
    """When to try next; None once everything is delivered or given up."""
    pending_since = Timestamptz(null=True, default=None)
    locked_until = Timestamptz(null=True, default=None)
    last_error = Text(null=True, default=None)


class Worker(Table):
    """A daemon that takes work, as it reported itself last."""

    id = Varchar(length=128, primary_key=True)
    """As in leases and attempts."""
    drafts = Integer()
    """How many storyboards it drafts at once."""
    jobs = Integer()
    """How many approved jobs it has in hand at once."""
    started_at = Timestamptz()
    seen_at = Timestamptz(index=True)
    draining = Boolean(default=False)
    """Whether it was told to stop, and takes up nothing more."""


class ModelHealth(Table):
    """What the daemons have seen of one model, the newest of each sort."""

    id = Varchar(length=200, primary_key=True)
    """`<provider>/<model>`."""
    provider = Varchar(length=64)
    model = Varchar(length=128)
    reported_at = Timestamptz()
    """When a daemon last had it on its chains."""
    last_success_at = Timestamptz(null=True, default=None)
    """When a call last made something."""
    last_seen_at = Timestamptz(null=True, default=None)
    """When it last answered at all, be it to a free look."""
    last_failure_at = Timestamptz(null=True, default=None)
    failure = JSON(null=True, default=None)
    """Code, sentence and values of that failure."""
    circuit_at = Timestamptz(null=True, default=None)
    """When it was seen how the circuit stands."""
    open_since = Timestamptz(null=True, default=None)
    open_until = Timestamptz(null=True, default=None)


class ModelAggregate(Table):
    """The calls of one model in five minutes, by all daemons together."""

    id = UUID(primary_key=True)
    model = ForeignKey(ModelHealth, on_delete=OnDelete.cascade, null=False)
    starts_at = Timestamptz(index=True)
    calls = Integer()
    failures = Integer()
    fallbacks = Integer()
    """Requests meant for this model that another one answered."""
    latencies = JSON(default="{}")
    """How many successful calls took how long (`cms_bridge.health.latencies`)."""
    p50 = DoublePrecision(null=True, default=None)
    """Seconds; None where no call succeeded."""
    p95 = DoublePrecision(null=True, default=None)


class ApiKey(Table):
    """A key of the API: what it is for, and a digest of its secret, which nobody here knows."""

    id = Varchar(length=16, primary_key=True)
    """Stands in the key itself, and names it wherever it is spoken of."""
    name = Varchar(length=200)
    """Who has it."""
    digest = Varchar(length=64)
    """SHA-256 of the whole key, in hex."""
    projects = JSON(null=True, default=None)
    """Ids of those that it is for; None for all."""
    actions = JSON(default="[]")
    """Those of `cms_bridge.access.callers.Action` that it is for."""
    created_at = Timestamptz()
    expires_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)
    last_used_at = Timestamptz(null=True, default=None)
    """Written at most once a minute."""
    successor = Varchar(length=16, null=True, default=None)
    """The key that it was rotated into; until `expires_at` both are good."""


class WebhookSubscription(Table):
    """An address of an integrator's that is told what happens to a project's jobs."""

    id = UUID(primary_key=True)
    project = ForeignKey(Project, on_delete=OnDelete.restrict, null=False, index=True)
    url = Text()
    events = JSON(null=True, default=None)
    """The types that it is told of; None for all, those to come included."""
    description = Varchar(length=200)
    enabled = Boolean(default=True)
    disabled_reason = Varchar(length=16)
    """One of `cms_bridge.webhooks.subscriptions.DisabledReason`; empty while it is enabled."""
    disabled_at = Timestamptz(null=True, default=None)
    failing_since = Timestamptz(null=True, default=None)
    """When it first failed after it last took something; None while it takes what it is sent."""
    secret_versions = JSON(default="[]")
    """Of its secrets, which are derived and stand nowhere, the numbers and their ends."""
    created_at = Timestamptz()
    updated_at = Timestamptz()
    deleted_at = Timestamptz(null=True, default=None)
    """Nobody sees it any more; what was delivered to it is deleted a little at a time."""


class WebhookEvent(Table):
    """What happened, as it is told: written with the change itself, and the same at every try."""

    id = Varchar(length=64, primary_key=True)
    """The `webhook-id` of every delivery."""
    project = ForeignKey(Project, on_delete=OnDelete.restrict, null=False)
    job = UUID(null=True, default=None)
    """None for a test."""
    type = Varchar(length=64)
    body = Text()
    created_at = Timestamptz(index=True)


class WebhookDelivery(Table):
    """An event on its way to one subscription, until it has been taken or is given up."""

    id = UUID(primary_key=True)
    subscription = ForeignKey(WebhookSubscription, on_delete=OnDelete.cascade, null=False)
    event = ForeignKey(WebhookEvent, on_delete=OnDelete.cascade, null=False, index=True)
    status = Varchar(length=16)
    """One of `cms_bridge.webhooks.deliveries.DeliveryStatus`."""
    attempts = Integer()
    """Every try there was."""
    failures = Integer()
    """Those that failed since it began to wait, by which the next wait is reckoned."""
    waiting_since = Timestamptz()
    """When it was written down, or replayed last."""
    due_at = Timestamptz(null=True, default=None)
    """When to try next; None once it is delivered or given up."""
    locked_until = Timestamptz(null=True, default=None)
    finished_at = Timestamptz(null=True, default=None)
    reason = Text()
    """Why it was not taken, last; empty when it was."""
    created_at = Timestamptz(index=True)


class WebhookAttempt(Table):
    """One try at a delivery: written before it is made, and completed by what came of it."""

    id = UUID(primary_key=True)
    delivery = ForeignKey(WebhookDelivery, on_delete=OnDelete.cascade, null=False, index=True)
    number = Integer()
    started_at = Timestamptz()
    seconds = DoublePrecision(null=True, default=None)
    """None while it is under way, and for ever if whoever made it was killed."""
    status_code = Integer(null=True, default=None)
    """None where nothing answered."""
    answer = Text()
    """The beginning of what was answered."""
    error = Text()


TABLES: tuple[type[Table], ...] = (
    Project,
    Job,
    JobEvent,
    InboundEvent,
    Attempt,
    Charge,
    Spend,
    Approval,
    Asset,
    GeneratedVideo,
    RenditionFile,
    UploadedAsset,
    OutboxMessage,
    Worker,
    ModelHealth,
    ModelAggregate,
    ApiKey,
    WebhookSubscription,
    WebhookEvent,
    WebhookDelivery,
    WebhookAttempt,
)
