"""Everything the bridge raises, in one tree; what has a status is told to whoever asked (RFC 9457).

    BridgeError
    ├── Refusal                 of a request
    │   ├── WebhookRejected     401  unsigned, tampered with, or outside the time window
    │   ├── MalformedBody       400  not JSON, or not of the form that is expected
    │   │   ├── MalformedEvent  400  a signed one, or of a type that is not known
    │   │   └── UnknownParameter 400 a query with a name that the path does not know
    │   ├── CompressedBody      415  a body that is not sent as it is
    │   ├── BodyTooLarge        413  more bytes than its setting allows
    │   ├── EventConflict       409  an id that was used before, with another body
    │   ├── RevisionConflict    409  a storyboard's revision that was seen before, other content
    │   ├── Unauthorised        401  no key, or one that is unknown, expired or revoked
    │   ├── Forbidden           403  a key that is not for this action
    │   ├── AllProjectsOnly     403  a key of single projects, where all are told of together
    │   ├── RateLimited         429  more requests than may come in a minute
    │   ├── TooManyListeners    429  more streams of progress than one key may hold open
    │   ├── ListenersFull       503  more streams than this bridge holds open for all
    │   ├── UpgradeRequired     426  a WebSocket's address, asked without wanting one
    │   ├── JobNotFound         404  no such job, or not one of this caller's
    │   ├── StoryboardNotReady  409  what needs a storyboard, of a job that has none yet
    │   ├── NoFreeVoice         409  a reading in a language that no free voice speaks
    │   ├── StoryboardOutdated  409  an edit of a storyboard that has changed since
    │   ├── ExportNotFound      404  no such export of this video
    │   ├── ProjectNotFound     404  no such project, or none that ever submitted anything
    │   ├── ChargeNotFound      404  no such charge of this job
    │   ├── ChargeNotUnknown    409  a charge whose outcome is known, or not yet awaited in vain
    │   ├── MediumNotFound      404  no such picture, clip or sound
    │   ├── MediumNotReady      409  bytes of what is not made yet
    │   ├── VideoNotFound       404  no such video, or not one of this caller's
    │   ├── VideoNotReady       409  files of a video that has none yet
    │   ├── RenditionNotFound   404  no such rendition of this video
    │   ├── RenditionRetired    410  one that is no longer kept, since a newer one stands
    │   ├── RenditionFileNotFound 404  a file that this rendition does not have
    │   ├── StoreUnavailable    503  the object store does not answer; to be asked again
    │   ├── StoreFull           507  no room for another file
    │   ├── UploadQuotaReached  507  a project that keeps as much as it may
    │   ├── MultipartExpected   415  a file that is not sent as a form
    │   ├── MalformedUpload     400  a form that is none, or not the one expected
    │   ├── InfectedMedia       422  a file that the scanner knows as malicious
    │   ├── ScannerUnavailable  503  the scanner does not answer: nothing is kept unscanned
    │   ├── AssetUnderWay       503  the same file is just being deleted
    │   ├── UploadsBusy         503  as many files as may are arriving
    │   ├── RangeNotSatisfiable 416  bytes that a file does not have
    │   ├── HostNotServed       421  a name that this bridge does not go by
    │   ├── IdempotencyConflict 409  an idempotency key that was used before, with another request
    │   ├── IllegalMove         409  a job that was asked to go where its status does not lead
    │   ├── Superseded          409  work on a video that was submitted anew since
    │   ├── NotApproved         403  work that nobody has approved
    │   ├── ApprovalConflict    409  an approval of another storyboard, or of another price
    │   │   └── PriceChanged    409  an approval of exactly this storyboard, at a price that was
    │   ├── WebhookNotFound     404  no such subscription of this project
    │   ├── DeliveryNotFound    404  no such delivery of this subscription
    │   ├── WebhookTargetRefused 422 an address that may not be called
    │   ├── WebhookUrlTaken     409  an address that the project has subscribed already
    │   ├── WebhookLimitReached 409  more subscriptions than a project may have
    │   ├── WebhookDisabled     409  a replay to a subscription that is told nothing
    │   ├── WebhookTestUnderWay 409  a test call while another one is made
    │   └── DatabaseError       503  nothing could be read or written now; to be asked again
    │       ├── DatabaseBusy         503  everybody's turn takes too long
    │       └── DatabaseUnavailable  503  the server is away, or the disk is full
    ├── LeaseLost               a worker whose claim has passed to another
    ├── SettingsError           `environment`: missing or malformed
    ├── MigrationFailed         `database`: a migration did not finish
    ├── RegistryError           `access.registry`: what cannot be done to a key
    ├── AlreadyStored           `database`: a row with this identity exists
    ├── PayloadUnavailable      `outbox.payload`: the CMS did not take a write this time
    ├── PayloadGone             `outbox.payload`: it never will
    ├── PayloadFileReplaced     `outbox.payload`: a file of its media library is another by now
    ├── PayloadFileTooLarge     `outbox.payload`: a file of its media library of too many bytes
    ├── ProjectDataError        `operations.project_data`: what is not exported or erased, and why
    ├── BackupError             `operations.dumps`: what is not backed up or restored, and why
    ├── SecretLost              `webhooks.signing`: one that can no longer be derived
    ├── InvalidLink             `storage.links`: a link that nobody here signed
    ├── ExpiredLink             `storage.links`: one that was good once
    └── StorageError            `storage.base`
        ├── ObjectNotFound      no object has this key
        ├── StorageUnavailable  the store did not answer, or not in time
        │   ├── UploadGone      `storage.s3_errors`: an upload in parts was ended by another
        │   └── TooManyWrites   `storage.s3_errors`: 429, of one key or of all
        ├── StorageFull         the disk or the quota is used up
        │   └── SpoolFull       `ledger.vault`: the daemon's own disk, for what is paid for
        ├── StorageRefused      wrong credentials, bucket, rights or set-up
        ├── DigestMismatch      a file's bytes are not those that its key names
        └── DamagedPiece        `storage.pieces`: the store has a piece of a film no more as it was
    RenderError
    ├── SpendCapReached         a paid call that would pass a cap: not made, and final for the job
    ├── ApprovedCostReached     one that would pass what was approved: it waits for a person's word
    ├── AnswersUseless          a model that was paid for two answers that nothing can be made of
    ├── SpendUnderWay           a cap that only calls in flight fill up: they are waited for
    └── CallUnderWay            the very same call is made by another: its answer is waited for

The lower tree is the engine's: its chains of models decide by it. Of it,
`InvalidStoryboard` (422) is told like a refusal; `problem` maps them all.

This is their one face: whoever raises or catches one imports it from here.
"""

from cms_bridge.errors.access import (
    AllProjectsOnly,
    Forbidden,
    RateLimited,
    Unauthorised,
)
from cms_bridge.errors.base import (
    BridgeError,
    Refusal,
    kind,
    problem,
)
from cms_bridge.errors.events import (
    EventConflict,
    MalformedEvent,
    RevisionConflict,
    WebhookRejected,
)
from cms_bridge.errors.jobs import (
    ApprovalConflict,
    ExportNotFound,
    IllegalMove,
    JobNotFound,
    LeaseLost,
    MediumNotFound,
    MediumNotReady,
    NoFreeVoice,
    NotApproved,
    PriceChanged,
    ProjectNotFound,
    RenditionFileNotFound,
    RenditionNotFound,
    RenditionRetired,
    StoryboardNotReady,
    StoryboardOutdated,
    Superseded,
    VideoNotFound,
    VideoNotReady,
)
from cms_bridge.errors.requests import (
    BodyTooLarge,
    CompressedBody,
    HostNotServed,
    IdempotencyConflict,
    ListenersFull,
    MalformedBody,
    RangeNotSatisfiable,
    TooManyListeners,
    UnknownParameter,
    UpgradeRequired,
)
from cms_bridge.errors.spending import (
    AnswersUseless,
    ApprovedCostReached,
    CallUnderWay,
    ChargeNotFound,
    ChargeNotUnknown,
    SpendCapReached,
    SpendUnderWay,
)
from cms_bridge.errors.stores import (
    AssetUnderWay,
    DatabaseBusy,
    DatabaseError,
    DatabaseUnavailable,
    InfectedMedia,
    MalformedUpload,
    MultipartExpected,
    ScannerUnavailable,
    StoreFull,
    StoreUnavailable,
    UploadQuotaReached,
    UploadsBusy,
)
from cms_bridge.errors.subscriptions import (
    DeliveryNotFound,
    WebhookDisabled,
    WebhookLimitReached,
    WebhookNotFound,
    WebhookTargetRefused,
    WebhookTestUnderWay,
    WebhookUrlTaken,
)

__all__ = [
    "AllProjectsOnly",
    "AnswersUseless",
    "ApprovalConflict",
    "ApprovedCostReached",
    "AssetUnderWay",
    "BodyTooLarge",
    "BridgeError",
    "CallUnderWay",
    "ChargeNotFound",
    "ChargeNotUnknown",
    "CompressedBody",
    "DatabaseBusy",
    "DatabaseError",
    "DatabaseUnavailable",
    "DeliveryNotFound",
    "EventConflict",
    "ExportNotFound",
    "Forbidden",
    "HostNotServed",
    "IdempotencyConflict",
    "IllegalMove",
    "InfectedMedia",
    "JobNotFound",
    "LeaseLost",
    "ListenersFull",
    "MalformedBody",
    "MalformedEvent",
    "MalformedUpload",
    "MediumNotFound",
    "MediumNotReady",
    "MultipartExpected",
    "NoFreeVoice",
    "NotApproved",
    "PriceChanged",
    "ProjectNotFound",
    "RangeNotSatisfiable",
    "RateLimited",
    "Refusal",
    "RenditionFileNotFound",
    "RenditionNotFound",
    "RenditionRetired",
    "RevisionConflict",
    "ScannerUnavailable",
    "SpendCapReached",
    "SpendUnderWay",
    "StoreFull",
    "StoreUnavailable",
    "StoryboardNotReady",
    "StoryboardOutdated",
    "Superseded",
    "TooManyListeners",
    "Unauthorised",
    "UnknownParameter",
    "UpgradeRequired",
    "UploadQuotaReached",
    "UploadsBusy",
    "VideoNotFound",
    "VideoNotReady",
    "WebhookDisabled",
    "WebhookLimitReached",
    "WebhookNotFound",
    "WebhookRejected",
    "WebhookTargetRefused",
    "WebhookTestUnderWay",
    "WebhookUrlTaken",
    "kind",
    "problem",
]
