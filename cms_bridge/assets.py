"""Finding what a project already has: the same request, made before, costs nothing again."""

from collections.abc import Collection
from typing import Any

from piccolo.custom_types import Combinable

from cms_bridge.tables import Asset

PLACEHOLDERS = ("offline", "stock")
"""Providers whose work stands in for a model's."""


async def find_asset(project: str, request_digest: str) -> dict[str, Any] | None:
    """Return the newest asset made for a request anywhere in a project, or None."""
    return (
        await Asset.select(*Asset.all_columns())
        .where(_reusable(project, [request_digest]))
        .order_by(Asset.created_at, ascending=False)
        .first()
    )


async def existing(project: str, request_digests: Collection[str]) -> frozenset[str]:
    """Return those of the requests that a project has an asset for."""
    rows = await Asset.select(Asset.request_digest).where(_reusable(project, list(request_digests)))
    return frozenset(row["request_digest"] for row in rows)


def _reusable(project: str, request_digests: list[str]) -> Combinable:
    # A placeholder made because the model was away must not keep the model away for good.
    genuine = Asset.provider.not_in(list(PLACEHOLDERS)) | (Asset.model_used == Asset.model_intended)
    return (Asset.job.project == project) & Asset.request_digest.is_in(request_digests) & genuine
