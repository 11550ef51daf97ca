"""Reference pictures: those of a film's cast, read before anything is bought, as models see them.

What cannot be read ends the film with a word on whose picture it is: nobody is drawn by guess
whom somebody has shown.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import anyio
import anyio.to_thread

from cms_bridge import own_files
from cms_bridge.jobs.leases import Lease
from cms_bridge.own_files import Named, fault
from cms_bridge.storage.base import ObjectNotFound
from daemon.work import own_files as own_work
from daemon.work.reuse import read_whole
from daemon.work.services import Services
from render.casting import cast_of
from render.errors import MediaError, OwnFileMissing, OwnFileUnfit
from render.generation.requests import reference_name
from render.generation.small_pictures import reference_picture
from render.storyboard import Role, Scene, Storyboard


async def read(
    lease: Lease, storyboard: Storyboard, drawn: list[Scene], services: Services
) -> Mapping[str, bytes]:
    """Return the reference pictures of whom these scenes name, by `reference_name`.

    Raises `OwnFileMissing` or `OwnFileUnfit`.
    """
    shown = {member.name for scene in drawn for member in cast_of(storyboard, scene)}
    pictures: dict[str, bytes] = {}
    for one in own_files.named_in(storyboard):
        if one.role is Role.REFERENCE and one.member in shown:
            pictures[reference_name(one.file)] = await _read(lease, one, services)
    return pictures


async def _read(lease: Lease, named: Named, services: Services) -> bytes:
    where, told = fault(named)
    upload = await own_work.find(lease, named, services)
    with tempfile.TemporaryDirectory(prefix="reelwright-") as folder:
        path = Path(folder) / "reference"
        try:
            await read_whole(upload.key, path, services.store)
            data = await anyio.Path(path).read_bytes()
            return await anyio.to_thread.run_sync(reference_picture, data)
        except ObjectNotFound as error:
            raise OwnFileMissing(
                f"{where}: the store no longer has the {named.role} picture.", **told
            ) from error
        except MediaError as error:
            raise OwnFileUnfit(
                f"{where}: the {named.role} picture cannot be read. {error.message}",
                **told,
                type=upload.media_type,
            ) from error
