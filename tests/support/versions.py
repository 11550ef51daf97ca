"""The versions of the database's schema."""

import importlib
from pathlib import Path
from types import ModuleType

from migrations.piccolo_app import APP_CONFIG


def versions() -> list[ModuleType]:
    """Return every migration there is, in no order."""
    folder = Path(APP_CONFIG.resolved_migrations_folder_path)
    return [
        importlib.import_module(f"migrations.versions.{path.stem}")
        for path in folder.glob("reelwright_*.py")
    ]
