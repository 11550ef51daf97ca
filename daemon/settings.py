"""The daemon's own configuration, beside the bridge's: same prefix, same rules."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import AnyHttpUrl, Field, model_validator

from cms_bridge.engines import DatabaseBounds
from cms_bridge.ledger.outages import OutagePatience
from cms_bridge.operations.retention import Retention
from cms_bridge.settings import BridgeSettings
from cms_bridge.states import Lane
from render.generation.piper.processes import Bounds
from render.generation.standards import Standards
from render.rendition import Grade

_MEBIBYTE = 1024 * 1024
_SHARED_MEBIBYTES = 65_536


class DaemonSettings(BridgeSettings):
    """What a render daemon needs to know."""

    gemini_url: AnyHttpUrl = AnyHttpUrl("https://generativelanguage.googleapis.com")
    """Where Gemini answers."""
    replicate_url: AnyHttpUrl = AnyHttpUrl("https://api.replicate.com")
    """Where Replicate answers."""
    provider_outputs_from: tuple[AnyHttpUrl, ...] = ()
    """Origins, as a JSON list, that providers' files may be fetched from although they are not
    HTTPS on the public internet: a local simulator, a cache of one's own."""
    stock_directory: Path | None = None
    """A folder of pictures that stand in where no model draws; looked at before cards are made."""
    piper: bool = True
    """Whether Piper's voices speak where they are installed (`reelwright[piper]`) and no model
    does; else espeak-ng speaks at once."""
    voices_directory: Path | None = None
    """A folder of further Piper voices, `NAME.onnx` and `NAME.onnx.json`, in it or one folder
    below; read when a daemon starts. The first by name that speaks a language is its usual one."""
    piper_seconds: Annotated[float, Field(gt=0, le=3_600)] = 180
    """How long a Piper voice may take over one narration before its process is killed."""
    piper_mebibytes: Annotated[int, Field(ge=512)] = 3072
    """Address space that the process of one Piper voice may have; it uses a quarter of it."""
    piper_processes: Annotated[int, Field(ge=1, le=64)] = 2
    """Piper voices that speak, or are kept loaded, at the same time."""
    piper_idle_seconds: Annotated[float, Field(gt=0, le=86_400)] = 300
    """After which a Piper voice that nobody asks is unloaded."""
    gemini_calls_per_minute: Annotated[int, Field(ge=0)] = 0
    """What Gemini takes of this key from all daemons together; 0 for no limit of ours."""
    replicate_calls_per_minute: Annotated[int, Field(ge=0)] = 600
    """The same for Replicate, whose own limit this is; without a card on the account it is 6."""
    model_look_seconds: Annotated[float, Field(ge=1)] = 60
    """How often each daemon looks whether models can be asked, which is free."""
    model_health_days: Annotated[float, Field(gt=0)] = 30
    """How long records of models' health are kept."""
    progress_days: Annotated[float, Field(gt=0)] = 7
    """How long the events of jobs are kept; whoever listens later is told how a job stands."""
    charge_silence_minutes: Annotated[float, Field(gt=0)] = 15
    """After this long without a word, an open charge of an ended job is sorted out, and a machine
    that has yet to store a paid answer counts as gone; as often a provider is asked what became of
    a call that it knows by its id."""
    work_directory: Path = Path(".data/work")
    """Where a job's files lie while it is worked on, and all temporary ones; nothing here is needed
    afterwards."""
    work_room_mb: Annotated[int, Field(ge=0)] = 256
    """How much must be free there before a picture, a voice, a clip or music is asked for: an
    answer that finds no room is lost, and may be paid for."""
    lanes: Annotated[tuple[Lane, ...], Field(min_length=1)] = tuple(Lane)
    """What this daemon takes up, as a JSON list: `drafts` and `generation` wait for providers,
    `composition` fills a machine. Some daemon must serve each; news are told by every one."""
    cms_file_seconds: Annotated[float, Field(gt=0, le=3_600)] = 120
    """How long a file of the CMS's media library may take to arrive; it may have
    `upload_max_bytes`."""
    concurrent_jobs: Annotated[int, Field(ge=1)] = 4
    """Approved jobs whose media are made at once: generation mostly waits."""
    concurrent_drafts: Annotated[int, Field(ge=1)] = 2
    """Storyboards drafted at once, beside those jobs: an editor never waits behind a film."""
    concurrent_readings: Annotated[int, Field(ge=1)] = 2
    """Storyboards that a free voice reads for their animatics at once, and scenes of them, beside
    those jobs: what takes moments never waits behind films."""
    concurrent_renders: Annotated[int, Field(ge=1)] = 1
    """Films encoded at once, beside those jobs: each one fills the machine."""
    concurrent_generations: Annotated[int, Field(ge=1)] = 4
    """Pictures and narrations being made at once, over all jobs."""
    concurrent_clips: Annotated[int, Field(ge=1, le=64)] = 4
    """Pictures being set in motion at once, over all jobs, beside those: each takes minutes."""
    render_threads: Annotated[int, Field(ge=1)] = 2
    """Segments encoded side by side by one engine."""
    render_quality: Grade = Grade.STANDARD
    """How much of a picture compression keeps: `draft`, `standard` or `high` (nearly twice
    the bytes, and slower). A change makes every film anew when it is next rendered."""
    render_cache_mebibytes: Annotated[int, Field(ge=1)] = 8192
    """What the engine keeps so as not to make it again: an edit renders what it touches."""
    render_cache_days: Annotated[float, Field(gt=0)] = 30
    """How long it keeps what no film was made of."""
    shared_cache_mebibytes: Annotated[int, Field(ge=0)] | None = None
    """What the object store keeps of finished pieces of films, for all daemons together: an edit
    that another daemon takes up renders no more than here. 0 keeps none. By default 65536 in R2,
    and none in a local directory: daemons of one machine share a work directory instead."""
    shared_cache_days: Annotated[float, Field(gt=0)] = 30
    """How long a piece is kept there that no film was made of."""
    shared_cache_seconds: Annotated[float, Field(gt=0, le=3_600)] = 60
    """How long a film waits for pieces from there at a time, before what has not come is made."""
    fan_out_daemons: Annotated[int, Field(ge=0, le=1_000)] = 8
    """How many idle daemons may encode segments of one film, beside the one that holds it, where
    pieces are shared; 0 for none. A film needs four segments to encode for each."""
    picture_megapixels: Annotated[float, Field(gt=0, le=50)] = 50
    """Million pixels that a picture may have, however few bytes it comes in: more are not decoded,
    and it counts as unusable."""
    picture_enlargement_refused: Annotated[float, Field(ge=1)] = 8
    """A picture that is to be enlarged more times than this, to fill 1080p, counts as unusable:
    by default one of less than 240 × 135 pixels for a film in 16:9."""
    picture_enlargement_told: Annotated[float, Field(ge=1)] = 2
    """One that is to be enlarged more times than this is told of: by default below 960 × 540."""
    speech_length_factor: Annotated[float, Field(ge=1)] = 4
    """Speech that lasts ten seconds and this many times the length estimated for its text counts
    as unusable."""
    hls: bool = True
    """Whether films are cut into pieces of several sizes for streaming, half as much work again;
    exports are where it is ordered."""
    concurrent_uploads: Annotated[int, Field(ge=1, le=64)] = 4
    """Files of a finished film stored at once: it has some sixty a minute, if it is streamed."""
    signing_certificate: Path | None = None
    """PEM of whoever signs the videos (C2PA), with who vouches for it; by default a certificate
    for development, made in the work directory."""
    signing_key: Path | None = None
    """PEM of the signer's private key."""
    metrics_host: str = "127.0.0.1"
    """The address at which a daemon tells its metrics: whoever reaches it may read them."""
    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """The port there, one for each daemon of a machine; 0 for any that is free (the log tells
    which). Empty for none."""
    superseded_days: Annotated[float, Field(gt=0)] | None = None
    """How long a film, or an export, is kept after its video has a newer one of the same form; an
    export in preview quality after the next film. Empty for ever, which is as it is."""
    superseded_project_mebibytes: Annotated[int, Field(ge=0)] | None = None
    """What one project may keep of those; past it the oldest go first. Empty for any amount."""
    unfinished_upload_hours: Annotated[float, Field(ge=1)] = 24
    """How long the store keeps an upload that broke off: whoever stores the same file until then
    goes on with it. R2 itself keeps none for more than seven days."""
    heartbeat_seconds: Annotated[float, Field(gt=0)] = 1
    """How often a lease is renewed, and so how soon a daemon stops whose job has passed on, or was
    cancelled while Redis was away; with Redis it hears of a cancellation at once."""
    ledger_outage_seconds: Annotated[float, Field(gt=0, le=3_600)] = 60
    """How long what is known of a paid call, and how an attempt ended, is tried to be written while
    the database is away: longer than that takes to start again, and than `lease_seconds`."""
    ledger_outage_pause_seconds: Annotated[float, Field(gt=0, le=60)] = 0.5
    """The wait between two such tries."""
    task_timeout_minutes: Annotated[float, Field(gt=0, le=300)] = 300
    """How long one attempt at a job's phase may take. One that takes longer is ended, paid calls
    under way apart, counts as failed, and is tried again as often as other failures are."""
    concurrent_webhooks: Annotated[int, Field(ge=2, le=1_000)] = 40
    """Calls to integrators at once; at most half of them to addresses that fail."""
    concurrent_webhooks_per_subscription: Annotated[int, Field(ge=1, le=100)] = 2
    """Calls to one address at once: a slow one waits for itself alone."""
    sweep_seconds: Annotated[int, Field(ge=1, le=30)] = 3
    """How often lost wake-ups, dead workers and due messages are looked for in the database."""
    drain_seconds: Annotated[float, Field(ge=0)] = 120
    """How long a daemon that is told to stop waits for paid calls under way, and at most for films
    that are nearly done. Whoever starts it should wait 15 seconds longer before it kills."""
    finish_seconds: Annotated[float, Field(ge=0)] = 30
    """How long it goes on with films that are nearly done, within `drain_seconds`; whatever else it
    has in hand it gives to others at once. 0 gives everything away."""
    finish_percent: Annotated[int, Field(ge=0, le=100)] = 80
    """Percent of a film that have to be encoded for it to be nearly done; what is being stored is,
    in any case."""
    progress_seconds: Annotated[float, Field(gt=0)] = 1
    """The least time between two progress reports of one job."""
    daemon_database_connections: Annotated[int, Field(ge=1, le=1_000)] | None = None
    """Connections to PostgreSQL that a daemon opens at most; by default one for each of its
    concurrent drafts, jobs, readings and renders, and four for sweeps, deliveries and looks at
    models."""
    daemon_database_wait_seconds: Annotated[float, Field(gt=0, le=300)] = 30
    """How long a daemon waits for one of them, or on SQLite for its turn to write."""

    def places(self, lane: Lane) -> int:
        """Return how many jobs of a lane this daemon has in hand at once."""
        places = {
            Lane.DRAFTS: self.concurrent_drafts,
            Lane.GENERATION: self.concurrent_jobs,
            Lane.COMPOSITION: self.concurrent_renders,
        }
        return places[lane] if lane in self.lanes else 0

    @property
    def reading_places(self) -> int:
        """How many readings this daemon has in hand at once."""
        return self.concurrent_readings if Lane.GENERATION in self.lanes else 0

    @property
    def shared_cache_bytes(self) -> int:
        """What the object store keeps of finished pieces; 0 for none."""
        mebibytes = self.shared_cache_mebibytes
        if mebibytes is None:
            mebibytes = 0 if self.storage == "local" else _SHARED_MEBIBYTES
        return mebibytes * _MEBIBYTE

    @property
    def outage_patience(self) -> OutagePatience:
        """How long facts about paid calls outlast a database that is away."""
        return OutagePatience(
            longest=self.ledger_outage_seconds, pause=self.ledger_outage_pause_seconds
        )

    @property
    def retention(self) -> Retention:
        """What is kept of films that a newer one has taken the place of."""
        days, mebibytes = self.superseded_days, self.superseded_project_mebibytes
        return Retention(
            lifetime=None if days is None else timedelta(days=days),
            project_bytes=None if mebibytes is None else mebibytes * _MEBIBYTE,
        )

    @property
    def database_bounds(self) -> DatabaseBounds:
        """How much of the database this process takes up."""
        return DatabaseBounds(
            connections=self.daemon_database_connections
            or sum(map(self.places, Lane)) + self.reading_places + 4,
            idle_connections=self.database_idle_connections,
            wait_seconds=self.daemon_database_wait_seconds,
            statement_seconds=self.database_statement_seconds,
        )

    @property
    def standards(self) -> Standards:
        """What pictures and speech are held to before they are kept."""
        return Standards(
            picture_pixels=round(self.picture_megapixels * 1_000_000),
            enlargement_refused=self.picture_enlargement_refused,
            enlargement_told=self.picture_enlargement_told,
            speech_times=self.speech_length_factor,
        )

    @property
    def voice_bounds(self) -> Bounds:
        """What the processes of Piper's voices may take."""
        return Bounds(
            seconds=self.piper_seconds,
            mebibytes=self.piper_mebibytes,
            processes=self.piper_processes,
            idle_seconds=self.piper_idle_seconds,
        )

    @model_validator(mode="after")
    def _signer_is_whole(self) -> Self:
        if (self.signing_certificate is None) != (self.signing_key is None):
            raise ValueError("A signing certificate and its key are set together.")
        return self

    @model_validator(mode="after")
    def _leases_outlast_heartbeats(self) -> Self:
        if self.lease_seconds < 2 * self.heartbeat_seconds:
            raise ValueError(
                "A lease lasts two heartbeats at the least, or it is lost between them."
            )
        return self
