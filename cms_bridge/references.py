"""References of a cast, by their content: what a file of the CMS turned out to be.

A picture that a model drew is found again by what it was shown. A document of the media library
whose alternative text is changed is another file to a storyboard, and the very same reference.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from msgspec.structs import replace

from cms_bridge.tables import FetchedFile
from render.cast import CastMember
from render.own import CmsFile, OwnFile, Upload, reference_of
from render.storyboard import Storyboard


async def settled(project: str, storyboard: Storyboard) -> Storyboard:
    """Return a storyboard as its pictures are asked for: cast by content, as far as it is known.

    Files of the CMS that a project was given already stand there as the uploads that they are
    kept as; those that are still to be fetched stay as they are.
    """
    asked = {
        reference_of(file)
        for member in storyboard.cast
        for file in member.references
        if isinstance(file, CmsFile)
    }
    if not asked:
        return storyboard
    known = await assets_of(project, asked)
    return replace(storyboard, cast=tuple(_by_content(member, known) for member in storyboard.cast))


async def assets_of(project: str, references: Collection[str]) -> dict[str, UUID]:
    """Return what files of the CMS turned out to be, as far as a project was given them."""
    if not references:
        return {}
    asked = {row_of(project, one): one for one in references}
    rows = await FetchedFile.select(FetchedFile.id, FetchedFile.asset).where(
        FetchedFile.id.is_in(list(asked))
    )
    return {asked[row["id"]]: row["asset"] for row in rows}


def row_of(project: str, reference: str) -> str:
    """Return the id of the row that says what a file of the CMS turned out to be."""
    return f"{project}:{reference}"


def _by_content(member: CastMember, known: Mapping[str, UUID]) -> CastMember:
    def content(file: OwnFile) -> OwnFile:
        asset = known.get(reference_of(file)) if isinstance(file, CmsFile) else None
        return Upload(asset_id=asset) if asset else file

    return replace(member, references=tuple(map(content, member.references)))
