"""The Piccolo app whose tables the migrations build."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from cms_bridge.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="reelwright",
    migrations_folder_path=str(Path(__file__).parent / "versions"),
    table_classes=list(TABLES),
)
