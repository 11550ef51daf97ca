"""What Piccolo's own command line reads: `PICCOLO_CONF=migrations.piccolo_conf piccolo …`.

The service itself binds its engine through `cms_bridge.database.bind`, which
puts it in `DB` here.
"""

import os

from piccolo.conf.apps import AppRegistry

from cms_bridge.database import open_engine

DB = open_engine(os.environ.get("REELWRIGHT_DATABASE_URL", "sqlite:///.data/reelwright.db"))

APP_REGISTRY = AppRegistry(apps=["migrations.piccolo_app"])
