"""What jobs make and projects are given: assets, videos, uploads."""

from decimal import Decimal

from piccolo.columns import (
    JSON,
    UUID,
    BigInt,
    Boolean,
    DoublePrecision,
    ForeignKey,
    Integer,
    Numeric,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from cms_bridge.tables.dollars import DOLLARS
from cms_bridge.tables.jobs import Job, Project


class Asset(Table):
    """A medium of one scene, or of the whole film, with the record of how it was made."""

    id = UUID(primary_key=True)
    job = ForeignKey(Job, on_delete=OnDelete.cascade, null=False)
    scene_id = Varchar(length=64)
    """Empty for what belongs to the whole film."""
    kind = Varchar(length=16)
    """One of `render.generation.base.Kind`."""
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
    cost = Numeric(DOLLARS, default=Decimal(0))
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
    retired_at = Timestamptz(null=True, default=None)
    """Since when it is no longer kept (`cms_bridge.operations.retention`); its keys are empty once
    its objects are gone."""
    clearing_at = Timestamptz(null=True, default=None)
    """When somebody last began to delete its objects."""
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
    """The id of the key that it came with; `cms` of what was fetched from there."""
    reference = Varchar(length=64)
    """What older versions noted in place of `FetchedFile`; they alone read it."""
    state = Varchar(length=16)
    """One of `cms_bridge.uploads.registry.UploadState`."""
    created_at = Timestamptz()
    touched_at = Timestamptz()
    """When somebody last had it in hand."""


class FetchedFile(Table):
    """A file of the CMS as a storyboard names it, and the content that came of it.

    Several may be one content: its name, and whatever else is said of it, is the reference's own.
    """

    id = Varchar(length=200, primary_key=True)
    """`<project>:<render.own.reference_of>`."""
    asset = ForeignKey(UploadedAsset, on_delete=OnDelete.cascade, null=False, index=True)


class Piece(Table):
    """A finished piece of a film in the object store, kept for every daemon (`render.cache`).

    Nothing refers to it, and it can always be made again.
    """

    name = Varchar(length=80, primary_key=True)
    """What it goes by in every cache: the digest of all that decided it, and what it is."""
    sha256 = Varchar(length=64, index=True)
    """Of its bytes, in hex."""
    bytes = BigInt()
    note = Text()
    """What was seen or heard of it, as JSON of the engine's."""
    ready = Boolean(default=False)
    """Whether it is there; else it is being written or deleted, or who did so has died."""
    used_at = Timestamptz(index=True)
    """When somebody last had it in hand; what was longest unused goes first."""
    finishes = Varchar(length=36, default="")
    """The job that whoever began it holds; empty where he helps another, or none is held."""
