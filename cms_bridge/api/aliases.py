"""The source documents' own paths, kept reachable beside the canonical ones: one table."""

ALIASES: dict[str, str] = {
    "/api/v1/assets": "/api/v2/assets",
    "/api/v1/health": "/api/health",
    "/api/v1/jobs": "/api/v2/jobs",
    "/api/v1/media": "/api/media",
    "/api/v1/upload-asset": "/api/v2/upload-asset",
    "/api/v1/videos": "/api/videos",
}
"""The older path of a resource, by its canonical one."""


def older(path: str) -> str | None:
    """Return the older path of a canonical one; None where it has no other."""
    for name, alias in ALIASES.items():
        if path == name or path.startswith(f"{name}/"):
            return alias + path.removeprefix(name)
    return None


def canonical(path: str) -> str | None:
    """Return the canonical path of an older one; None where it has no other."""
    for name, alias in ALIASES.items():
        if path == alias or path.startswith(f"{alias}/"):
            return name + path.removeprefix(alias)
    return None
