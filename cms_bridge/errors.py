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
    ├── SecretLost              `webhooks.signing`: one that can no longer be derived
    ├── InvalidLink             `storage.links`: a link that nobody here signed
    ├── ExpiredLink             `storage.links`: one that was good once
    └── StorageError            `storage.base`
        ├── ObjectNotFound      no object has this key
        ├── StorageUnavailable  the store did not answer, or not in time
        ├── StorageFull         the disk or the quota is used up
        ├── StorageRefused      wrong credentials, bucket, rights or set-up
        └── DigestMismatch      a file's bytes are not those that its key names
    RenderError
    ├── SpendCapReached         a paid call that would pass a cap: not made, and final for the job
    ├── ApprovedCostReached     one that would pass what was approved: it waits for a person's word
    ├── AnswersUseless          a model that was paid for two answers that nothing can be made of
    ├── SpendUnderWay           a cap that only calls in flight fill up: they are waited for
    └── CallUnderWay            the very same call is made by another: its answer is waited for

The lower tree is the engine's: its chains of models decide by it. Of it,
`InvalidStoryboard` (422) is told like a refusal; `problem` maps them all.
"""

from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import ClassVar

from cms_bridge.fields import FieldError, camel_case
from cms_bridge.states import Status
from render.errors import RefusedGeneration, RenderError, RunningGeneration


class BridgeError(Exception):
    """The base of everything that the bridge raises by itself."""


class Refusal(BridgeError):
    """The base of every refusal; its text is safe to show to the sender."""

    status: ClassVar[HTTPStatus]
    code: ClassVar[str]
    retry_after: ClassVar[int | None] = None
    """Seconds after which the very same may succeed."""
    headers: Mapping[str, str] = {}
    """What its answer tells besides."""

    def __init__(self, message: str, **params: str | float) -> None:
        super().__init__(message)
        self.params = {camel_case(name): value for name, value in params.items()}
        """The values its text speaks of."""


class WebhookRejected(Refusal):
    """A webhook that is unsigned, tampered with, or outside the time window."""

    status = HTTPStatus.UNAUTHORIZED
    code = "webhook_rejected"


class MalformedBody(Refusal):
    """A body that is not JSON, or not of the form that is expected."""

    status = HTTPStatus.BAD_REQUEST
    code = "bad_request"
    said: ClassVar[str] = "A parameter or the body is not of its form."

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__(" ".join((self.said, *map(str, errors))))
        self.errors = errors
        """All that is wrong with it."""


class MalformedEvent(MalformedBody):
    """A signed body that is not JSON, of an unknown type, or not of the type's form."""

    code = "malformed_event"
    said = "The body is not a known event."


class UnknownParameter(MalformedBody):
    """A query parameter that this path does not know."""

    code = "unknown_parameter"
    said = "A query parameter is not known here."


class CompressedBody(Refusal):
    """A body with a `Content-Encoding`: it is to be sent as it is."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "compressed_body"
    headers: Mapping[str, str] = {"Accept-Encoding": "identity"}

    def __init__(self) -> None:
        super().__init__("This body has a Content-Encoding; send it without one, as it is.")


class BodyTooLarge(Refusal):
    """A body past its limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "body_too_large"


class EventConflict(Refusal):
    """A webhook id that was accepted before, with another body."""

    status = HTTPStatus.CONFLICT
    code = "event_conflict"


class RevisionConflict(Refusal):
    """A revision of a storyboard that was accepted before, with other content."""

    status = HTTPStatus.CONFLICT
    code = "revision_conflict"


class Unauthorised(Refusal):
    """A request without a key, or with one that is unknown, expired or revoked."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorised"


class Forbidden(Refusal):
    """A key that is not for this action."""

    status = HTTPStatus.FORBIDDEN
    code = "action_not_allowed"


class AllProjectsOnly(Refusal):
    """A key of single projects, where all of them are told of together."""

    status = HTTPStatus.FORBIDDEN
    code = "all_projects_only"

    def __init__(self) -> None:
        super().__init__("This tells of all projects together: it needs a key of all projects.")


class RateLimited(Refusal):
    """More requests than may come in a minute."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "rate_limited"


class TooManyListeners(Refusal):
    """More streams of progress than one key may hold open at once."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_listeners"
    retry_after = 5


class ListenersFull(Refusal):
    """More streams of progress than this bridge holds open at once."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "listeners_full"
    retry_after = 5


class UpgradeRequired(Refusal):
    """A WebSocket's address, asked for without wanting one."""

    status = HTTPStatus.UPGRADE_REQUIRED
    code = "upgrade_required"


class JobNotFound(Refusal):
    """No job by this name that the caller may see."""

    status = HTTPStatus.NOT_FOUND
    code = "job_not_found"


class StoryboardNotReady(Refusal):
    """What needs a storyboard, asked of a job that has none yet."""

    status = HTTPStatus.CONFLICT
    code = "storyboard_not_ready"


class StoryboardOutdated(Refusal):
    """An edit that was thought out for another storyboard than the job has now."""

    status = HTTPStatus.CONFLICT
    code = "storyboard_outdated"


class ExportNotFound(Refusal):
    """No export by this name of the video."""

    status = HTTPStatus.NOT_FOUND
    code = "export_not_found"


class ProjectNotFound(Refusal):
    """No project by this name has submitted anything."""

    status = HTTPStatus.NOT_FOUND
    code = "project_not_found"


class ChargeNotFound(Refusal):
    """No charge by this name on the job."""

    status = HTTPStatus.NOT_FOUND
    code = "charge_not_found"


class ChargeNotUnknown(Refusal):
    """A charge that needs nobody's word: its outcome is known, or may still arrive by itself."""

    status = HTTPStatus.CONFLICT
    code = "charge_not_unknown"


class MediumNotFound(Refusal):
    """No picture, clip or sound by this name that the caller may see."""

    status = HTTPStatus.NOT_FOUND
    code = "medium_not_found"


class MediumNotReady(Refusal):
    """The bytes of a medium that is not made yet, or never was."""

    status = HTTPStatus.CONFLICT
    code = "medium_not_ready"


class VideoNotFound(Refusal):
    """No video by this name that the caller may see."""

    status = HTTPStatus.NOT_FOUND
    code = "video_not_found"


class VideoNotReady(Refusal):
    """The files of a video that is not finished yet."""

    status = HTTPStatus.CONFLICT
    code = "video_not_ready"


class RenditionNotFound(Refusal):
    """No rendition by this name of the video."""

    status = HTTPStatus.NOT_FOUND
    code = "rendition_not_found"


class RenditionFileNotFound(Refusal):
    """A file that this rendition does not have, or has no longer."""

    status = HTTPStatus.NOT_FOUND
    code = "rendition_file_not_found"


class StoreUnavailable(Refusal):
    """The object store does not answer: the same may be asked again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "store_unavailable"
    retry_after = 5


class StoreFull(Refusal):
    """No room for another file: nothing of it was kept."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    code = "storage_full"

    def __init__(self) -> None:
        super().__init__("There is no room for another file; nothing of it was kept.")


class UploadQuotaReached(Refusal):
    """A project that keeps as many bytes of uploads as it may."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    code = "upload_quota_reached"


class MultipartExpected(Refusal):
    """A file that is not sent as a form."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "multipart_expected"


class MalformedUpload(Refusal):
    """A form that cannot be read, or that has no file."""

    status = HTTPStatus.BAD_REQUEST
    code = "malformed_upload"


class InfectedMedia(Refusal):
    """A file that the scanner knows as malicious: nothing of it was kept."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "media_infected"


class ScannerUnavailable(Refusal):
    """The scanner does not answer: nothing is kept that it has not seen."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "scanner_unavailable"
    retry_after = 30

    def __init__(self) -> None:
        super().__init__("Files cannot be scanned at the moment, and none is kept unscanned.")


class AssetUnderWay(Refusal):
    """A file of which the same is just being deleted."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "asset_under_way"
    retry_after = 2


class UploadsBusy(Refusal):
    """As many files as may are arriving at once."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "uploads_busy"
    retry_after = 5

    def __init__(self) -> None:
        super().__init__("As many files as may are arriving; send it again.")


class RangeNotSatisfiable(Refusal):
    """A range of bytes that the file does not have; `Content-Range` tells its size."""

    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    code = "range_not_satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes, and none of those.", size=size)
        self.headers = {"Content-Range": f"bytes */{size}"}


class HostNotServed(Refusal):
    """A request by a name that this bridge was not told to go by."""

    status = HTTPStatus.MISDIRECTED_REQUEST
    code = "host_not_served"


class IdempotencyConflict(Refusal):
    """An idempotency key that was used before, with another request."""

    status = HTTPStatus.CONFLICT
    code = "idempotency_conflict"


class IllegalMove(Refusal):
    """A job was asked to go where its status does not lead."""

    status = HTTPStatus.CONFLICT
    code = "illegal_move"

    def __init__(self, origin: Status, target: Status) -> None:
        super().__init__(
            f"A job that is {origin} cannot become {target}.", **{"from": origin, "to": target}
        )


class Superseded(Refusal):
    """Work on a submission of a video of which there is a newer one."""

    status = HTTPStatus.CONFLICT
    code = "superseded"
    said: ClassVar[str] = "This video was submitted anew: the newer submission stands in its place."

    def __init__(self) -> None:
        super().__init__(self.said)


class NotApproved(Refusal):
    """A render of a storyboard that nobody has approved, or that was edited since."""

    status = HTTPStatus.FORBIDDEN
    code = "not_approved"


class ApprovalConflict(Refusal):
    """An approval of another storyboard, or of another price, than the job has now."""

    status = HTTPStatus.CONFLICT
    code = "approval_conflict"


class PriceChanged(ApprovalConflict):
    """An approval in the CMS at a price that is no longer true."""

    code = "price_changed"


class WebhookNotFound(Refusal):
    """No subscription by this name in the project."""

    status = HTTPStatus.NOT_FOUND
    code = "webhook_not_found"


class DeliveryNotFound(Refusal):
    """No delivery by this name to the subscription; they are kept for a while."""

    status = HTTPStatus.NOT_FOUND
    code = "webhook_delivery_not_found"


class WebhookTargetRefused(Refusal):
    """An address that may not be called: not HTTPS, or not on the public internet."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "webhook_target_refused"


class WebhookUrlTaken(Refusal):
    """An address that the project has subscribed already: it would be told everything twice."""

    status = HTTPStatus.CONFLICT
    code = "webhook_url_taken"


class WebhookLimitReached(Refusal):
    """More subscriptions than a project may have."""

    status = HTTPStatus.CONFLICT
    code = "webhook_limit_reached"


class WebhookDisabled(Refusal):
    """A replay to a subscription that is disabled: enable it first."""

    status = HTTPStatus.CONFLICT
    code = "webhook_disabled"


class WebhookTestUnderWay(Refusal):
    """A test call while another one to the same address is made, or too many are."""

    status = HTTPStatus.CONFLICT
    code = "webhook_test_under_way"
    retry_after = 5


class DatabaseError(Refusal):
    """A database that takes nothing now: nothing was done, and the same may be asked again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "database_error"
    said: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__(self.said)


class DatabaseBusy(DatabaseError):
    """More is asked of the database at once than it can do in time."""

    code = "database_busy"
    said = "The database has more to do than it can at the moment; ask again."
    retry_after = 2


class DatabaseUnavailable(DatabaseError):
    """The database does not answer, or has no room left."""

    code = "database_unavailable"
    said = "The database does not answer, or has no room left; ask again."
    retry_after = 5


class LeaseLost(BridgeError):
    """A worker's claim that has passed to another, or ended by cancellation."""


class SpendCapReached(RenderError):
    """A paid call that would pass a cap: it is not made, and the job keeps what it has."""

    code = "spend_cap_reached"

    def __init__(self, *, scope: str, cap: Decimal, spent: Decimal, wanted: Decimal) -> None:
        """Take the scope (`video`, `project` or `month`) and three amounts in US dollars."""
        super().__init__(
            f"The spend cap of this {scope} is reached: ${cap:f} may be spent, ${spent:f} is spent"
            f" or set aside, and the next step may cost ${wanted:f}.",
            scope=scope,
            cap=f"{cap:f}",
            spent=f"{spent:f}",
            wanted=f"{wanted:f}",
        )


class ApprovedCostReached(RenderError):
    """A paid call that would pass what was approved: not made, and the job keeps what it has."""

    code = "approved_cost_reached"

    def __init__(self, *, approved: Decimal, spent: Decimal, needed: Decimal) -> None:
        """Take US dollars: approved, spent, and what is left to be made may cost at most."""
        more = spent + needed - approved
        super().__init__(
            f"This needs ${more:f} more than was approved: ${approved:f} may be spent, ${spent:f}"
            f" is spent, and what is left to be made may cost ${needed:f}.",
            approved=f"{approved:f}",
            spent=f"{spent:f}",
            needed=f"{needed:f}",
            more=f"{more:f}",
        )


class AnswersUseless(RefusedGeneration):
    """A model that has been paid often enough for answers to this that nothing can be made of."""

    code = "generation_unusable"


class SpendUnderWay(RunningGeneration):
    """A cap leaves no room now, but will if the calls in flight cost what they usually do."""

    code = "spend_under_way"

    def __init__(self) -> None:
        super().__init__(
            "What other calls may cost is set aside until they end; they are waited for."
        )


class CallUnderWay(RunningGeneration):
    """Another job, or scene, of the project makes the very same call, or has just made it."""

    def __init__(self) -> None:
        super().__init__("The same is being made for another scene or video; it is waited for.")


def kind(error: type[Exception]) -> tuple[HTTPStatus, str]:
    """Return the HTTP status and the code of a kind of error that `problem` knows."""
    if issubclass(error, Refusal):
        return error.status, error.code
    assert issubclass(error, RenderError), error  # noqa: S101
    return HTTPStatus.UNPROCESSABLE_ENTITY, error.code


def problem(error: Refusal | RenderError) -> tuple[HTTPStatus, str, dict[str, object]]:
    """Return an error's HTTP status, its code, and the values its sentence speaks of."""
    params: dict[str, object] = {**error.params}
    return (*kind(type(error)), params)
