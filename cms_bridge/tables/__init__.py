"""The tables: the truth about projects, events, jobs, workers, charges, assets, videos and keys.

Times are UTC. Money is US dollars with six decimals. Names of the CMS's own
documents are kept as text, as the CMS wrote them. Unique indexes over several
columns live in a migration of their own: SQLite cannot add them as constraints.

This is their one face: whoever asks one imports it from here.
"""

from piccolo.table import Table

from cms_bridge.tables.jobs import Attempt, Job, JobEvent, Lexicon, Project, Turn, Worker
from cms_bridge.tables.media import (
    Asset,
    FetchedFile,
    GeneratedVideo,
    Piece,
    RenditionFile,
    UploadedAsset,
)
from cms_bridge.tables.messages import (
    InboundEvent,
    OutboxMessage,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEvent,
    WebhookSubscription,
)
from cms_bridge.tables.money import Approval, Charge, Spend
from cms_bridge.tables.operations import ApiKey, ModelAggregate, ModelHealth, Voice

TABLES: tuple[type[Table], ...] = (
    Project,
    Lexicon,
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
    FetchedFile,
    Piece,
    OutboxMessage,
    Worker,
    Turn,
    ModelHealth,
    ModelAggregate,
    Voice,
    ApiKey,
    WebhookSubscription,
    WebhookEvent,
    WebhookDelivery,
    WebhookAttempt,
)
