"""How models do, and who may ask."""

from piccolo.columns import JSON, UUID, DoublePrecision, ForeignKey, Integer, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.table import Table


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


class Voice(Table):
    """A voice that some daemon has, as its provider tells of it."""

    id = Varchar(length=200, primary_key=True)
    """`<provider>:<name>`, which a brief asks for it by."""
    provider = Varchar(length=64)
    name = Varchar(length=128)
    """The provider's own."""
    languages = JSON(default="[]")
    """Language tags in lower case; none where it speaks whatever its text is written in."""
    gender = Varchar(length=16, null=True, default=None)
    """One of `render.generation.voices.Gender`; None where the provider does not say."""
    description = Varchar(length=200)
    reported_at = Timestamptz()
    """When a daemon last had it."""


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
