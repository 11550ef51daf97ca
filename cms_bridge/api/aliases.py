"""The source documents' own paths, kept reachable beside the canonical ones: one table."""

ALIASES: dict[str, str] = {
    "/api/v1/health": "/api/health",
    "/api/v1/jobs": "/api/v2/jobs",
    "/api/v1/media": "/api/media",
}
"""The older path of a resource, by its canonical one."""


def canonical(path: str) -> str | None:
    """Return the canonical path of an older one; None where it has no other."""
    for name, older in ALIASES.items():
        if path.startswith(f"{older}/"):
            return name + path.removeprefix(older)
    return None
