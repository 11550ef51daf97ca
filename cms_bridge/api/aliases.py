"""The source documents' own paths, kept reachable beside the canonical ones: one table."""

ALIASES: dict[str, tuple[str, ...]] = {
    "/api/v1/health/models": ("/api/health/models",),
    "/api/v1/jobs/{job_id:uuid}/approve": ("/api/v2/jobs/{job_id:uuid}/approve",),
    "/api/v1/jobs/{job_id:uuid}/render": ("/api/v2/jobs/{job_id:uuid}/render",),
    "/api/v1/jobs/{job_id:uuid}/estimate": ("/api/v2/jobs/{job_id:uuid}/estimate",),
    "/api/v1/media/generate": ("/api/media/generate",),
    "/api/v1/media/assets/{asset_id:uuid}": ("/api/media/assets/{asset_id:uuid}",),
    "/api/v1/media/assets/{asset_id:uuid}/content": ("/api/media/assets/{asset_id:uuid}/content",),
}


def paths(canonical: str) -> list[str]:
    """Return every path that a handler answers, the canonical one first."""
    return [canonical, *ALIASES[canonical]]
