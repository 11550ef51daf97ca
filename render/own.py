"""Own files: pictures, clips, recordings and music that people bring, as storyboards name them."""

import hashlib
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from render.schema import END


class _Own(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    tag_field="kind",
    forbid_unknown_fields=True,
):
    """Where a file of one's own is to be had."""


class Upload(_Own, frozen=True, kw_only=True, tag="upload"):
    """A file that was given to the storyboard's project (`POST upload-asset`)."""

    asset_id: UUID
    """It names its content for ever: another content is another asset."""


class CmsFile(_Own, frozen=True, kw_only=True, tag="cms"):
    """A file of the CMS's media library, as it was when the storyboard was saved."""

    collection: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}" + END)]
    """The slug of the upload collection."""
    document: Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]{1,64}" + END)]
    """The id of its document there."""
    name: Annotated[str, msgspec.Meta(pattern=r"^[^/\\\x00-\x1f\x7f]{1,255}" + END)]
    """The file's name, by which the CMS serves it; never a path."""
    version: Annotated[str, msgspec.Meta(max_length=64)]
    """When the document was changed last: another content under the same name is another file."""
    media_type: Annotated[str, msgspec.Meta(max_length=100)] = ""
    """As the CMS believes, as are its `bytes`."""
    bytes: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)] = 0


OwnFile: TypeAlias = Upload | CmsFile
"""Where a file of one's own is to be had."""


def reference_of(file: CmsFile) -> str:
    """Return the SHA-256, in hex, of all that is said of a file of the CMS."""
    return hashlib.sha256(msgspec.json.encode(file, order="sorted")).hexdigest()
