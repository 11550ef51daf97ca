"""Own files: pictures, clips, recordings and music that people bring, as storyboards name them."""

from typing import TypeAlias
from uuid import UUID

import msgspec


class Upload(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    tag_field="kind",
    tag="upload",
    forbid_unknown_fields=True,
):
    """A file that was given to the storyboard's project (`POST upload-asset`)."""

    asset_id: UUID
    """It names its content for ever: another content is another asset."""


OwnFile: TypeAlias = Upload
"""Where a file of one's own is to be had."""
