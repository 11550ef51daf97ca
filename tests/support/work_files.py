"""What lies in the work directory of daemons and is of no use to anybody any more."""

from pathlib import Path

from daemon.work.workspace import abandoned

_LASTING = {"cache", "credentials", "tmp"}
"""What stays there, bounded."""


def left_in(work: Path) -> list[str]:
    """Name what jobs and daemons left there, and what living daemons have for the moment."""
    return [
        *(path.name for path in work.glob("*") if path.name not in _LASTING),
        *(str(folder.relative_to(work.absolute())) for folder in abandoned(work)),
        *(str(file.relative_to(work)) for file in work.glob("tmp/*/*")),
    ]
