"""The bridge's configuration, read once by a composition root.

Every variable is a field's name in upper case behind `REELWRIGHT_`; where it is
looked for is in `cms_bridge.environment`. `load` names all missing and malformed
ones at once and prints no value of any.
"""

import base64
import binascii
import re
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import unquote, urlsplit

import msgspec
from pydantic import (
    AliasChoices,
    AnyHttpUrl,
    BeforeValidator,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from cms_bridge.access.windows import Quotas
from cms_bridge.engines import DatabaseBounds
from cms_bridge.environment import PREFIX, SettingsError, settings_file, with_files
from cms_bridge.films import Lengths
from cms_bridge.gate import Bounds, Following
from cms_bridge.pricing.amounts import Caps
from cms_bridge.pricing.estimates import Prices, prices_of
from render.generation.models import ModelsConfig
from render.storyboard import Limits

_NAME = r"(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\])"
_HOST = re.compile(rf"(?:\*\.)?{_NAME}")
_ORIGIN = re.compile(rf"https?://{_NAME}(?::[0-9]{{1,5}})?")


def _models(given: object) -> object:
    if not isinstance(given, str):
        return given
    try:
        config = msgspec.json.decode(given, type=ModelsConfig)
    except msgspec.DecodeError as error:
        raise ValueError(f"cannot be read: {error}") from error
    if faults := config.faults():
        raise ValueError(" ".join(faults))
    return config


def variables(kind: type[BaseSettings], field: str) -> list[str]:
    """Return the names, in small letters, under which a field is looked for."""
    alias = kind.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return [str(one).lower() for one in alias.choices]
    return [f"{PREFIX}{field}".lower()]


class DatabaseSettings(BaseSettings):
    """Where the truth is kept; all that migrating needs to know."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        env_ignore_empty=True,
        extra="ignore",
        arbitrary_types_allowed=True,
        populate_by_name=True,
        dotenv_filtering="only_existing",
    )

    database_url: str = "sqlite:///.data/reelwright.db"
    """`sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://…`."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment, then the settings file, each with the files that it names."""
        del file_secret_settings
        names = [one for field in settings_cls.model_fields for one in variables(cls, field)]
        for source in (env_settings, dotenv_settings):
            if isinstance(source, EnvSettingsSource):
                source.env_vars = with_files(source.env_vars, names)
        return init_settings, env_settings, dotenv_settings

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if not url.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return url


class BridgeSettings(DatabaseSettings):
    """What the web process and everything below it needs to know."""

    # Services
    redis_url: str
    """`redis://…`, `rediss://…` or `unix:///path/to.sock`."""
    host: str = "127.0.0.1"
    """The address the bridge listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port the bridge listens on."""
    public_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8000")
    """Where browsers and the CMS reach the bridge: the start of every link it hands out."""

    # Browsers
    allowed_hosts: str = ""
    """Names that the bridge goes by, separated by spaces, `*.example.com` for all below one; any
    other `Host` is refused (421), but at `/health`. Empty for any name."""
    cors_origins: str = ""
    """Origins whose pages may ask the API with a key of their own, separated by spaces, each like
    `https://cms.example.com`. Empty for none: the plugin needs none, and links play anywhere."""

    # Secrets
    webhook_secret: SecretStr
    """`whsec_…` shared with the CMS; several, separated by spaces, while one is being rotated."""
    api_key: SecretStr
    """What the CMS's server presents: a key for everything; `reelwright keys` makes others.
    Several, separated by spaces, while one is being rotated: each opens."""
    link_secret: SecretStr
    """Signs the expiring links of the local store, tickets and sessions. Several, separated by
    spaces, while one is being rotated: the first signs, each verifies."""

    # Storage
    storage: Literal["local", "r2"] = "local"
    """`local`: a directory, served by the bridge; `r2`: a bucket of Cloudflare R2 or any S3."""
    storage_directory: Path = Path(".data/objects")
    """Where the local store keeps objects; bridge and daemons must share it."""
    r2_endpoint_url: AnyHttpUrl | None = None
    """`https://ACCOUNT.r2.cloudflarestorage.com`; needed for `r2`, as the next three are."""
    r2_bucket: str | None = None
    """The bucket."""
    r2_access_key_id: str | None = None
    """The key's name."""
    r2_secret_access_key: SecretStr | None = None
    """The key's secret."""
    r2_ca_file: FilePath | None = None
    """PEM of the authorities that may vouch for the endpoint, for a store of one's own; by default
    those that the system trusts."""
    r2_write_seconds: Annotated[float, Field(ge=0, le=60)] = 1
    """The least time between two writes of one object: R2 takes one a second."""
    r2_read_bytes_per_second: Annotated[float, Field(gt=0)] = 32 * 1024
    """The pace at which a store is to send an object, after 30 seconds that it may take in all: one
    that is slower counts as away, and is waited for."""
    link_seconds: Annotated[int, Field(ge=1, le=604_800)] = 3_600
    """How long a link to a video stays good."""

    # CMS
    payload_url: AnyHttpUrl | None = None
    """Where Payload answers; without it nothing is written back."""
    payload_api_path: Annotated[str, Field(pattern=r"^(/[\w.~-]+)*$")] = "/api"
    """Where Payload's own API stands below it: its `routes.api`."""
    payload_timeout_seconds: Annotated[float, Field(gt=0)] = 15
    """How long one write to Payload may take."""
    outbox_first_delay_seconds: Annotated[float, Field(gt=0)] = 1
    """The wait after the first failed write; it doubles with each one."""
    outbox_max_delay_seconds: Annotated[float, Field(gt=0)] = 300
    """The longest wait between two tries."""
    outbox_horizon_hours: Annotated[float, Field(gt=0)] = 168
    """How long an undeliverable write is tried before it is given up and logged."""

    # Webhooks to integrators
    webhook_subscriptions_per_project: Annotated[int, Field(ge=0, le=1_000)] = 20
    """Addresses that a project may have told of its jobs; 409 past it."""
    webhook_signing_secret: SecretStr | None = None
    """What their secrets are derived from, by default `REELWRIGHT_LINK_SECRET`: bridge and daemons
    share it. Several, separated by spaces, while it is replaced: the first makes new secrets, and
    those of each other one are good until its subscriptions have rotated theirs."""
    webhook_targets_from: tuple[AnyHttpUrl, ...] = ()
    """Origins, as a JSON list, that may be subscribed although they are not HTTPS on the public
    internet: a receiver inside the house, or of a test."""
    webhook_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 15
    """How long one call may take as a whole."""
    webhook_answer_bytes: Annotated[int, Field(ge=1, le=65_536)] = 1_024
    """What is read, and kept in the log, of an answer."""
    webhook_first_delay_seconds: Annotated[float, Field(gt=0)] = 5
    """The wait after the first failed try; it trebles with each one, a fifth more or less."""
    webhook_max_delay_seconds: Annotated[float, Field(gt=0)] = 14_400
    """The longest wait between two tries, also where a target asks for a longer one."""
    webhook_horizon_hours: Annotated[float, Field(gt=0)] = 24
    """How long an event is tried before it is given up; it can be replayed."""
    webhook_disable_days: Annotated[float, Field(gt=0)] = 5
    """After so long without taking anything a subscription is disabled."""
    webhook_log_days: Annotated[float, Field(gt=0)] = 30
    """How long deliveries are kept, and can be replayed."""

    # Keys
    key_memory_seconds: Annotated[float, Field(ge=0, le=60)] = 5
    """How long a good key is not looked up again: a revoked one may open that long; 0 for never."""

    # Rates, of all bridges together; 0 for no limit
    rate_reads_per_minute: Annotated[int, Field(ge=0, le=100_000)] = Quotas().reads
    """Requests that one key may make for what needs `read`; 429 after that."""
    rate_writes_per_minute: Annotated[int, Field(ge=0, le=100_000)] = Quotas().writes
    """Requests that one key may make for everything else."""
    rate_events_per_minute: Annotated[int, Field(ge=0, le=100_000)] = Quotas().events
    """Webhooks that the CMS may send; it tries again later what is refused."""
    rate_uploads_per_minute: Annotated[int, Field(ge=0, le=100_000)] = Quotas().uploads
    """Files that one key may send, each a write besides."""
    rate_refusals_per_minute: Annotated[int, Field(ge=0, le=100_000)] = Quotas().refusals
    """Requests without a good key or signature, from one address: 429 in place of 401 after that.
    A good key opens all the same."""

    # Progress
    progress_heartbeat_seconds: Annotated[float, Field(ge=1, le=60)] = Following().heartbeat_seconds
    """How often a quiet stream of progress shows that it lives: a comment, or a ping."""
    progress_stream_seconds: Annotated[float, Field(gt=0, le=86_400)] = Following().lasts_seconds
    """How long a stream lasts; whoever listens asks again, as browsers do by themselves, and goes
    on where it was. A revoked key is noticed then."""
    progress_listeners: Annotated[int, Field(ge=1)] | None = None
    """Streams open at once on this bridge; 503 past that. Fewer than `http_connections`, by default
    half as many."""
    progress_listeners_per_key: Annotated[int, Field(ge=0)] = Following().listeners_per_key
    """Streams that one key, or its tickets, may hold open; 429 past that. 0 for no limit."""
    progress_poll_seconds: Annotated[float, Field(gt=0, le=60)] = Following().poll_seconds
    """How often the bridge looks into the database for what is followed while Redis is away."""
    progress_ticket_seconds: Annotated[int, Field(ge=1, le=3_600)] = 300
    """How long a ticket opens a stream to a browser, which can send no key."""

    status_cache_seconds: Annotated[float, Field(ge=0, le=300)] = 30
    """How long what was told of where a job stands is kept in Redis, for whoever polls. It is
    dropped when that changes; only if Redis cannot be reached at that moment an old one may be told
    for so long. 0 for never: each poll asks the database."""

    # Limits
    max_webhook_bytes: Annotated[int, Field(gt=0)] = 2 * 1024 * 1024
    """The body of one webhook; 413 past that."""
    max_body_bytes: Annotated[int, Field(gt=0)] = 2 * 1024 * 1024
    """The JSON body of one request; 413 past that. Uploaded files have `upload_max_bytes`."""
    max_script_chars: Annotated[int, Field(gt=0)] = Limits().max_script_chars
    """Characters of a script, and of a brief."""
    max_title_chars: Annotated[int, Field(gt=0)] = Limits().max_title_chars
    """Characters of a title."""
    max_style_chars: Annotated[int, Field(gt=0)] = Limits().max_style_chars
    """Characters of a style, of each part of a look, and of a voice."""
    max_cast: Annotated[int, Field(gt=0)] = Limits().max_cast
    """Members of a project's cast."""
    max_references: Annotated[int, Field(gt=0)] = Limits().max_references
    """Reference pictures of one member of a cast."""
    max_scenes: Annotated[int, Field(gt=0)] = Limits().max_scenes
    """Scenes of one storyboard."""
    max_scene_chars: Annotated[int, Field(gt=0)] = Limits().max_scene_chars
    """Characters of one scene's narration, picture prompt or on-screen text, each, and of what
    describes a member of a cast."""
    max_alt_chars: Annotated[int, Field(gt=0)] = Lengths().alt
    """Characters of the alternative text that is drafted for a film in Payload."""
    max_transcript_chars: Annotated[int, Field(ge=0, le=400_000)] = Lengths().transcript
    """Characters of a film's transcript that Payload is told; a longer one is only linked to."""
    min_scene_seconds: Annotated[float, Field(gt=0)] = Limits().min_scene_seconds
    """Shortest scene, or transition, that may be asked for."""
    max_scene_seconds: Annotated[float, Field(gt=0)] = Limits().max_scene_seconds
    """Length of one scene, asked for or spoken."""
    max_video_seconds: Annotated[float, Field(gt=0)] = Limits().max_video_seconds
    """Length of the whole video."""

    # Uploads
    upload_max_bytes: Annotated[int, Field(gt=0)] = 50 * 1024 * 1024
    """A file that is uploaded."""
    upload_max_pixels: Annotated[int, Field(gt=0)] = 50_000_000
    """Width times height that a picture claims in its header; of a clip 35 million at most."""
    upload_max_seconds: Annotated[float, Field(gt=0)] = 14_400
    """How long a clip or a sound claims to be."""
    upload_project_bytes: Annotated[int, Field(ge=0)] = 10 * 1024**3
    """What one project may keep of uploads; 507 past that; 0 for any amount."""
    upload_total_bytes: Annotated[int, Field(ge=0)] = 0
    """The same for all projects together; 0 for any amount, until the store is full."""
    uploads_at_once: Annotated[int, Field(ge=1)] = 16
    """Files that arrive at one bridge at once; 503 past that. Each takes `upload_max_bytes` of disk
    at most while it does."""
    upload_bytes_per_second: Annotated[int, Field(gt=0)] = 32 * 1024
    """The pace that earns a file more time than `http_body_seconds`; a slower one gets 408."""
    upload_directory: Path | None = None
    """Where files lie, without a name, while they arrive; the system's own place if it is empty."""
    clamd_url: str | None = None
    """`tcp://host:3310` or `unix:///run/clamav/clamd.ctl`: files are shown to it before they are
    kept, and none is kept while it is away. Without it none is scanned."""
    clamd_timeout_seconds: Annotated[float, Field(gt=0)] = 60
    """How long it may take over one file."""

    # Database
    bridge_database_connections: Annotated[int, Field(ge=1, le=1_000)] = 10
    """Connections to PostgreSQL that the bridge opens at most. Those of the bridge and of every
    daemon together must stay below the server's `max_connections`: `reelwright doctor` tells."""
    bridge_database_wait_seconds: Annotated[float, Field(gt=0, le=300)] = 8
    """How long a request waits for one of them, or on SQLite for its turn to write; 503 after
    that. On SQLite the first in turn waits as long again for a daemon that is writing."""
    bridge_database_queue: Annotated[int, Field(ge=1)] = 1_000
    """Requests that wait for it at once; past it 503."""
    database_statement_seconds: Annotated[float, Field(ge=1, le=3_600)] = 60
    """How long PostgreSQL may take to answer one statement before it counts as away."""
    database_idle_connections: Annotated[int, Field(ge=0, le=1_000)] = 1
    """Connections to PostgreSQL that the bridge and every daemon keep open while nothing happens;
    those above it are closed after five idle minutes."""

    # HTTP server
    http_header_seconds: Annotated[float, Field(gt=0)] = Bounds().header_seconds
    """How long a client may take over its request's headers; 408 after that."""
    http_body_seconds: Annotated[float, Field(gt=0)] = Bounds().body_seconds
    """How long it may take over the body; 408 after that."""
    http_send_seconds: Annotated[float, Field(gt=0)] = Bounds().send_seconds
    """How long it may take nothing of its answer before it is cut off; players ask again."""
    http_connections: Annotated[int, Field(ge=8)] = Bounds().connections
    """Connections open at once; past it the oldest that only waits gives way, or the newest: 503.
    The open files that the system allows one process must suffice for them."""
    http_unauthenticated_bytes: Annotated[int, Field(gt=0)] = Bounds().unauthenticated_bytes
    """Bytes received and not yet verified, over all connections; past it whoever holds most gives
    way: 503. At least `max_webhook_bytes` and `http_header_bytes` together."""
    http_header_bytes: Annotated[int, Field(ge=1024)] = Bounds().header_bytes
    """Request line and headers of one request; 431 past that."""

    # Traces
    otlp_endpoint: Annotated[
        AnyHttpUrl | None,
        Field(
            validation_alias=AliasChoices("REELWRIGHT_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
        ),
    ] = None
    """Where traces are sent by OTLP over HTTP, without `/v1/traces`; `OTEL_EXPORTER_OTLP_ENDPOINT`
    is read as well. Needs the extra `tracing`. Unset, nothing is traced."""

    # Providers
    gemini_api_key: Annotated[
        SecretStr | None,
        Field(validation_alias=AliasChoices("REELWRIGHT_GEMINI_API_KEY", "GEMINI_API_KEY")),
    ] = None
    """Puts Gemini on the chains; `GEMINI_API_KEY` is read as well."""
    replicate_api_token: Annotated[
        SecretStr | None,
        Field(
            validation_alias=AliasChoices("REELWRIGHT_REPLICATE_API_TOKEN", "REPLICATE_API_TOKEN")
        ),
    ] = None
    """Puts Replicate on the chains; `REPLICATE_API_TOKEN` is read as well."""
    models: Annotated[ModelsConfig, NoDecode, BeforeValidator(_models)] = ModelsConfig()
    """Models, their order, prices and retries: JSON of `render.generation.models.ModelsConfig`."""

    # Money, in US dollars
    cap_video_dollars: Annotated[Decimal, Field(ge=0)] = Decimal(10)
    """What one video may cost in all its submissions; a project may have another cap."""
    cap_project_dollars: Annotated[Decimal, Field(ge=0)] = Decimal(1000)
    """What one project may cost in all its videos; a project may have another cap."""
    cap_month_dollars: Annotated[Decimal, Field(ge=0)] = Decimal(500)
    """What everything together may cost in one calendar month (UTC)."""
    lost_call_dollars: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    """Up to this price, a call of which nobody knows whether it was charged counts as paid and is
    bought again; 0 lets each wait for a person's word. A project may have another."""
    lost_video_dollars: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    """What such calls of one video may cost together, beside what was approved for it; those beyond
    it wait for a person's word. A project may have another."""

    # Jobs
    lease_seconds: Annotated[float, Field(ge=1)] = 20
    """How long a silent worker keeps a job before another may take it: by default a dead daemon's
    work is taken up within 23 seconds, with the 3 of `sweep_seconds`, whatever the task
    time-out. At least two `heartbeat_seconds`."""
    unclaimed_seconds: Annotated[float, Field(gt=0)] = 120
    """How long work may lie due and unclaimed before `/health` tells of it; longer than a lease."""
    max_retries: Annotated[int, Field(ge=0)] = 3
    """Automatic retries of one phase after crashes and passing failures."""
    retry_first_delay_seconds: Annotated[float, Field(gt=0)] = 5
    """The wait before the first automatic retry; it doubles with each one."""
    retry_max_delay_seconds: Annotated[float, Field(gt=0, le=86_400)] = 900
    """The longest wait before one; a provider that asks for more is waited for, up to a day."""
    away_hours: Annotated[float, Field(gt=0, le=720)] = 24
    """How long a job waits for an object store that is away, full or refuses, for room on a full
    disk, for a database that is away or too busy, or for a file that the CMS does not hand over,
    before it fails: with the same delays, and without losing a retry. As long, an ended job's paid
    call stays open at its provider for whoever asks for the same; then what it made counts as
    paid, and what nobody can tell is unknown."""

    reading_rest_seconds: Annotated[float, Field(ge=0, le=3_600)] = 60
    """How long a reading that failed is left alone before the same is begun again."""

    # Metrics
    metrics_cache_seconds: Annotated[float, Field(ge=0, le=60)] = 5
    """How long what `/metrics` and `/ops` ask of the database is told again, whoever asks."""

    ops_session_seconds: Annotated[int, Field(ge=60, le=604_800)] = 43_200
    """How long a browser that was signed in to `/ops` stays so, while its key is good."""

    ops_watchers: Annotated[int, Field(ge=1)] = 16
    """Ops pages that one bridge keeps up to date at once; further ones are told to come again."""

    ops_seconds: Annotated[float, Field(ge=1, le=60)] = 5
    """How often an open ops page is drawn anew."""

    # Logs
    log_format: Literal["json", "console"] = "json"
    """One JSON object a line, or text for a person."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is worth a line."""

    @property
    def limits(self) -> Limits:
        """What one video may ask for."""
        return Limits(
            max_script_chars=self.max_script_chars,
            max_title_chars=self.max_title_chars,
            max_style_chars=self.max_style_chars,
            max_cast=self.max_cast,
            max_references=self.max_references,
            max_scenes=self.max_scenes,
            max_scene_chars=self.max_scene_chars,
            min_scene_seconds=self.min_scene_seconds,
            max_scene_seconds=self.max_scene_seconds,
            max_video_seconds=self.max_video_seconds,
        )

    @property
    def host_names(self) -> tuple[str, ...]:
        """The names that the bridge goes by; none for any."""
        return tuple(self.allowed_hosts.lower().split())

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may ask."""
        return tuple(self.cors_origins.lower().split())

    @property
    def quotas(self) -> Quotas:
        """How often may be asked."""
        return Quotas(
            reads=self.rate_reads_per_minute,
            writes=self.rate_writes_per_minute,
            events=self.rate_events_per_minute,
            uploads=self.rate_uploads_per_minute,
            refusals=self.rate_refusals_per_minute,
        )

    @property
    def following(self) -> Following:
        """How jobs are followed."""
        return Following(
            heartbeat_seconds=self.progress_heartbeat_seconds,
            lasts_seconds=self.progress_stream_seconds,
            poll_seconds=self.progress_poll_seconds,
            listeners=self.progress_listeners or self.http_connections // 2,
            listeners_per_key=self.progress_listeners_per_key,
        )

    @property
    def http_bounds(self) -> Bounds:
        """How much of the server clients may take up."""
        return Bounds(
            header_seconds=self.http_header_seconds,
            body_seconds=self.http_body_seconds,
            send_seconds=self.http_send_seconds,
            connections=self.http_connections,
            unauthenticated_bytes=self.http_unauthenticated_bytes,
            header_bytes=self.http_header_bytes,
        )

    @property
    def database_bounds(self) -> DatabaseBounds:
        """How much of the database this process takes up."""
        return DatabaseBounds(
            connections=self.bridge_database_connections,
            idle_connections=self.database_idle_connections,
            wait_seconds=self.bridge_database_wait_seconds,
            statement_seconds=self.database_statement_seconds,
            queue=self.bridge_database_queue,
        )

    @property
    def webhook_secrets(self) -> list[str]:
        """What the secrets of subscriptions are derived from, the newest first."""
        return (self.webhook_signing_secret or self.link_secret).get_secret_value().split()

    @property
    def webhook_origins(self) -> list[str]:
        """Origins that may be subscribed whatever they are."""
        return [str(url) for url in self.webhook_targets_from]

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret among the settings, for logs to leave out."""
        found: set[str] = set()
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                parts = value.get_secret_value().split()
                found |= {value.get_secret_value(), *parts}
                found |= {part.removeprefix("whsec_") for part in parts}
        for url in (self.database_url, self.redis_url, self.traced_to or ""):
            _, _, password = urlsplit(url).netloc.rpartition("@")[0].partition(":")
            found |= {password, unquote(password)}
        return frozenset(found - {""})

    @property
    def traced_to(self) -> str | None:
        """Where traces are sent; None for nowhere."""
        return str(self.otlp_endpoint) if self.otlp_endpoint else None

    @property
    def prices(self) -> Prices:
        """What the chains that these keys make are expected to charge."""
        return prices_of(
            self.models,
            gemini=self.gemini_api_key is not None,
            replicate=self.replicate_api_token is not None,
        )

    @property
    def primaries(self) -> frozenset[tuple[str, str]]:
        """The models that are asked first, by provider and name."""
        return self.models.primaries(
            gemini=self.gemini_api_key is not None,
            replicate=self.replicate_api_token is not None,
        )

    @property
    def caps(self) -> Caps:
        """What may be spent."""
        return Caps(
            video=self.cap_video_dollars,
            project=self.cap_project_dollars,
            month=self.cap_month_dollars,
            lost_call=self.lost_call_dollars,
            lost_video=self.lost_video_dollars,
        )

    @field_validator("otlp_endpoint")
    @classmethod
    def _traces_can_be_sent(cls, url: AnyHttpUrl | None) -> AnyHttpUrl | None:
        if url and find_spec("opentelemetry") is None:
            raise ValueError(
                "needs OpenTelemetry: pip install opentelemetry-sdk"
                " opentelemetry-exporter-otlp-proto-http"
            )
        return url

    @field_validator("clamd_url")
    @classmethod
    def _known_scanner(cls, url: str | None) -> str | None:
        if url and not re.fullmatch(r"unix:///.+|tcp://[^/]+:[0-9]{1,5}", url):
            raise ValueError("must be tcp://host:port or unix:///path/to.sock")
        return url

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, url: str) -> str:
        if not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        return url

    @field_validator("allowed_hosts")
    @classmethod
    def _bare_names(cls, names: str) -> str:
        for name in names.split():
            if not _HOST.fullmatch(name):
                raise ValueError(f"must be names without scheme, port or path; {name!r} is not")
        return names

    @field_validator("cors_origins")
    @classmethod
    def _whole_origins(cls, origins: str) -> str:
        for origin in origins.split():
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"must be origins like https://cms.example.com; {origin!r} is not")
        return origins

    @field_validator("webhook_secret")
    @classmethod
    def _strong_webhook_secret(cls, secret: SecretStr) -> SecretStr:
        for one in secret.get_secret_value().split():
            try:
                length = len(base64.b64decode(one.removeprefix("whsec_"), validate=True))
            except binascii.Error:
                length = 0
            if not 24 <= length <= 64:  # noqa: PLR2004 - the bounds of Standard Webhooks
                raise ValueError("must be whsec_ and the base64 of 24 to 64 bytes")
        return secret

    @field_validator("api_key", "link_secret", "webhook_signing_secret")
    @classmethod
    def _long_secrets(cls, secret: SecretStr | None) -> SecretStr | None:
        # What stands between spaces is a secret by itself: a sentence is many, and each is weak.
        given = secret.get_secret_value().split() if secret else [" " * 32]
        if not given or min(map(len, given)) < 32:  # noqa: PLR2004 - as the message says
            raise ValueError("must be at least 32 characters long, without spaces; each of several")
        return secret

    @model_validator(mode="after")
    def _room_for_a_webhook(self) -> Self:
        if self.http_unauthenticated_bytes < self.max_webhook_bytes + self.http_header_bytes:
            raise ValueError(
                f"{PREFIX}HTTP_UNAUTHENTICATED_BYTES must hold one webhook: at least"
                f" {PREFIX}MAX_WEBHOOK_BYTES and {PREFIX}HTTP_HEADER_BYTES together"
            )
        return self

    @model_validator(mode="after")
    def _room_beside_listeners(self) -> Self:
        if self.following.listeners >= self.http_connections:
            raise ValueError(
                f"{PREFIX}PROGRESS_LISTENERS must leave room for others: fewer than"
                f" {PREFIX}HTTP_CONNECTIONS"
            )
        return self

    @model_validator(mode="after")
    def _whole_r2(self) -> Self:
        if self.storage == "r2":
            needed = ("r2_endpoint_url", "r2_bucket", "r2_access_key_id", "r2_secret_access_key")
            missing = [f"{PREFIX}{name.upper()}" for name in needed if not getattr(self, name)]
            if missing:
                raise ValueError(f"storage r2 also needs {', '.join(missing)}")
        return self


SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def load(kind: type[SettingsT]) -> SettingsT:
    """Read settings; raise `SettingsError` naming every fault."""
    try:
        return kind(_env_file=settings_file())
    except ValidationError as error:
        faults: list[str] = []
        # `include_input` stays off: an input may be a secret.
        for fault in error.errors(include_url=False, include_context=False, include_input=False):
            name = f"{PREFIX}{str(fault['loc'][0]).upper()}: " if fault["loc"] else ""
            said = fault["msg"].removeprefix("Value error, ")
            faults.append(f"{name}{'is not set' if fault['type'] == 'missing' else said}")
        raise SettingsError(faults) from None
