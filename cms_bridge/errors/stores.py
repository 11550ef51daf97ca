"""Refusals for want of room or of a service: files that are sent, the store, the database."""

from http import HTTPStatus
from typing import ClassVar

from cms_bridge.errors.base import Refusal


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
