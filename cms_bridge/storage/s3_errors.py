"""The port's error for each that an S3 client raises, and each answer that it takes for one."""

from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - the name its library gives it
    HTTPClientError,
    IncompleteReadError,
)

from cms_bridge.storage.base import (
    ObjectNotFound,
    StorageError,
    StorageFull,
    StorageRefused,
    StorageUnavailable,
)

_UNREACHABLE = (
    HTTPClientError,
    ConnectionError,
    IncompleteReadError,
    aiohttp.ClientError,
    TimeoutError,
)
_PASSING_STATUSES = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT})
_PASSING_CODES = frozenset({"BadDigest", "IncompleteBody", "RequestTimeout", "SlowDown"})
"""Said with a 4xx status, although the same upload may succeed when begun again."""


class UploadGone(StorageUnavailable):
    """An upload in parts that has been completed or given up, by another or by age."""


class TooManyWrites(StorageUnavailable):
    """More requests than the store takes of one key, or of all: it answers 429."""


@contextmanager
def port_errors(key: str) -> Generator[None]:
    """Raise the client library's errors as the port's; `key` names what may be missing."""
    try:
        yield
    except (BotoCoreError, ClientError, aiohttp.ClientError, TimeoutError) as error:
        raise translate(error, key=key) from error


def translate(error: Exception, *, key: str) -> StorageError:
    """Return the port's error for one of the client library's."""
    if isinstance(error, ClientError):
        return _translate_answer(error, key=key)
    if isinstance(error, _UNREACHABLE):
        return StorageUnavailable("The object store does not answer.")
    return StorageRefused("The object store cannot be used as it is set up.")


def _translate_answer(error: ClientError, *, key: str) -> StorageError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = error.response.get("Error", {}).get("Code", "")
    passing = f"The object store cannot take this now: {code}."
    if status == HTTPStatus.INSUFFICIENT_STORAGE:
        return StorageFull("The object store is full.")
    if code == "NoSuchUpload":
        return UploadGone(passing)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return TooManyWrites(passing)
    if (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or status in _PASSING_STATUSES
        or code in _PASSING_CODES
    ):
        return StorageUnavailable(passing)
    if status == HTTPStatus.NOT_FOUND and code != "NoSuchBucket":
        return ObjectNotFound(f"There is no object {key}.")
    return StorageRefused(f"The object store refuses: {code}.")
