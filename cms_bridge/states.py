"""The state machine of a job: every status, and the only moves between them.

    pending → storyboarding → storyboard_complete → approved → generating → composing
            → uploading → completed

A medium that was asked for by itself begins at `approved` and is completed once
it is generated.

From every status before `completed` a job can fail or be cancelled; from there a
person's retry leads back to where a person last decided: to `approved`, to
`storyboard_complete` or, where there is no storyboard, to `pending`.

A person's edit leads from a failed job's storyboard to `storyboard_complete`, and from
that of a finished film as well: the next revision of the same video, with a price,
an approval and a rendition of its own. If it is cancelled or fails, the video shows
the rendition before it, and may be edited again.
"""

import enum


class JobKind(enum.StrEnum):
    """What a job makes."""

    VIDEO = "video"
    """A video, from a brief, by way of a storyboard that somebody approves."""
    IMAGE = "image"
    """One picture, asked for by itself."""
    SPEECH = "speech"
    """One spoken text, asked for by itself."""
    MUSIC = "music"
    """One piece of music, asked for by itself."""
    CLIP = "clip"
    """One still set in motion, asked for by itself."""
    EXPORT = "export"
    """A finished video once more, in another shape, size or format."""
    READING = "reading"
    """What a video's animatic says until its narrations are made, read by a voice that is free."""


MEDIA = frozenset({JobKind.IMAGE, JobKind.SPEECH, JobKind.MUSIC, JobKind.CLIP})
"""What is asked for by itself, outside of any video."""


class Origin(enum.StrEnum):
    """Who asked for a job."""

    CMS = "cms"
    """An event of a document's, whose CMS is told how it goes."""
    API = "api"
    """Somebody with a key, who looks for it here: there is no document that could be told."""


class Priority(enum.StrEnum):
    """Which of a project's jobs go before its others; no project goes before another by it."""

    LOW = "low"
    """When nothing else of the project waits in its lane."""
    NORMAL = "normal"
    """In the order in which they became due."""
    HIGH = "high"
    """Before all others of the project."""

    @property
    def rank(self) -> int:
        """What the database orders by: 0 for `NORMAL`, more for what goes before."""
        return _RANKS[self]

    @classmethod
    def of(cls, rank: int) -> "Priority":
        """Return what has a rank."""
        return next(one for one in cls if one.rank == rank)


_RANKS = {Priority.LOW: -1, Priority.NORMAL: 0, Priority.HIGH: 1}


class Status(enum.StrEnum):
    """Where a job stands."""

    PENDING = "pending"
    """Accepted and stored; no worker has taken it yet."""
    STORYBOARDING = "storyboarding"
    """A worker turns brief and script into scenes."""
    STORYBOARD_COMPLETE = "storyboard_complete"
    """The storyboard and its price lie before the editor; nothing happens until approval."""
    APPROVED = "approved"
    """An editor approved exactly this storyboard; a worker may spend and render."""
    GENERATING = "generating"
    """Pictures and speech are being made."""
    COMPOSING = "composing"
    """The video is being encoded and checked."""
    UPLOADING = "uploading"
    """The finished files go to the object store."""
    COMPLETED = "completed"
    """The video is stored and can be watched."""
    FAILED = "failed"
    """Stopped for a reason that is recorded; a person may retry."""
    CANCELLED = "cancelled"
    """Stopped by a person; a person may retry."""


class Lane(enum.StrEnum):
    """What a job waits for: a place of its own kind, so that none waits behind another kind."""

    DRAFTS = "drafts"
    """A storyboard: seconds, and an editor waits for it."""
    GENERATION = "generation"
    """Pictures, speech and clips: minutes, nearly all of them spent waiting for providers."""
    COMPOSITION = "composition"
    """Encoding and storing the film: minutes in which an engine fills its machine."""


class FileKind(enum.StrEnum):
    """What a file of a rendition is."""

    VIDEO = "video"
    """The film, as MP4."""
    POSTER = "poster"
    """The picture that stands for it, as JPEG."""
    CAPTIONS = "captions"
    """What is said and when, as WebVTT."""
    SUBRIP = "subrip"
    """The same as SubRip (`.srt`)."""
    WORDS = "words"
    """When each word is said, as JSON."""
    WORD_CAPTIONS = "word_captions"
    """The captions as WebVTT with a time before each word."""
    CHAPTERS = "chapters"
    """The scenes' titles and times, as WebVTT."""
    TRANSCRIPT = "transcript"
    """What is said, to be read, as plain text."""
    THUMBNAILS = "thumbnails"
    """Which part of the sheet is seen when, as WebVTT."""
    SHEET = "sheet"
    """Small pictures of the whole film side by side, as JPEG."""
    HLS = "hls"
    """The film for streaming: playlists, and pieces of several sizes."""
    WEBM = "webm"
    """Its beginning, small, with sound."""
    GIF = "gif"
    """A few of its moments, for where nothing plays."""


class StageName(enum.StrEnum):
    """What a worker is just doing to a job."""

    STORYBOARD = "storyboard"
    """A model writes it."""
    PICTURE = "picture"
    """A model draws a scene's."""
    NARRATION = "narration"
    """A model speaks a scene's."""
    CLIP = "clip"
    """A model sets a scene's picture in motion."""
    MUSIC = "music"
    """A model composes what lies under the voice."""
    COMPOSITION = "composition"
    """The engine encodes the film, and checks it."""
    UPLOAD = "upload"
    """The finished files go to the object store."""


class AttemptOutcome(enum.StrEnum):
    """How one worker's claim on a job stands, or how it ended."""

    RUNNING = "running"
    """The worker holds the job."""
    SUCCEEDED = "succeeded"
    """The phase was done."""
    FAILED = "failed"
    """It stopped the job, for a reason that the job tells."""
    POSTPONED = "postponed"
    """It met a failure that passes: the job is tried again by itself."""
    WAITING = "waiting"
    """It needed what is away: it is tried again by itself, and that costs no retry."""
    RELEASED = "released"
    """The worker let go of the job, going away or full; another may take it at once."""
    CANCELLED = "cancelled"
    """A person stopped the job."""
    LOST = "lost"
    """The worker stopped answering, and another one took the job."""


_STOPS = frozenset({Status.FAILED, Status.CANCELLED})

MOVES: dict[Status, frozenset[Status]] = {
    Status.PENDING: _STOPS | {Status.STORYBOARDING},
    # The move to itself is a second attempt after a crash.
    Status.STORYBOARDING: _STOPS | {Status.STORYBOARDING, Status.STORYBOARD_COMPLETE},
    # The move to itself is an editor's edit.
    Status.STORYBOARD_COMPLETE: _STOPS | {Status.STORYBOARD_COMPLETE, Status.APPROVED},
    # An edit before work began voids the approval.
    Status.APPROVED: _STOPS | {Status.STORYBOARD_COMPLETE, Status.GENERATING},
    # Each move to itself is a new attempt, which finds what was made.
    # A medium asked for by itself needs no composing.
    Status.GENERATING: _STOPS | {Status.GENERATING, Status.COMPOSING, Status.COMPLETED},
    Status.COMPOSING: _STOPS | {Status.COMPOSING, Status.UPLOADING},
    # A new attempt encodes once more what was not stored.
    Status.UPLOADING: _STOPS | {Status.COMPOSING, Status.COMPLETED},
    # An edit of a finished film, and one that is approved by the very save that made it.
    Status.COMPLETED: frozenset({Status.STORYBOARD_COMPLETE, Status.APPROVED}),
    # An edit mends a storyboard that could not be filmed; it asks for approval anew.
    Status.FAILED: frozenset(
        {Status.CANCELLED, Status.PENDING, Status.STORYBOARD_COMPLETE, Status.APPROVED}
    ),
    Status.CANCELLED: frozenset({Status.PENDING, Status.STORYBOARD_COMPLETE, Status.APPROVED}),
}

FINISHED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
"""No worker touches a job in one of these."""

DRAFTABLE = frozenset({Status.PENDING, Status.STORYBOARDING})
"""A worker may claim the job to draft its storyboard."""

RENDERABLE = frozenset({Status.APPROVED, Status.GENERATING, Status.COMPOSING, Status.UPLOADING})
"""A worker may claim the job to render it."""


def origins(target: Status) -> list[Status]:
    """Return every status that leads to the target."""
    return [origin for origin, targets in MOVES.items() if target in targets]


LANES: dict[Lane, frozenset[Status]] = {
    Lane.DRAFTS: DRAFTABLE,
    Lane.GENERATION: frozenset({Status.APPROVED, Status.GENERATING}),
    Lane.COMPOSITION: frozenset({Status.COMPOSING, Status.UPLOADING}),
}
"""In which statuses a job waits, or is worked on, in each lane."""


def lane_of(status: Status) -> Lane | None:
    """Return the lane of a job in this status; None while no worker may claim it."""
    return next((lane for lane, statuses in LANES.items() if status in statuses), None)
