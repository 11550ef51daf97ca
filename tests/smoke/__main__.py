"""The whole of production, gone through once: `make smoke`.

    python -m tests.smoke --out .cache/smoke

What compose.yaml starts is started without an engine: PostgreSQL, Valkey, bridge and daemon
from their images (where they can be built; else as this checkout has them), Prometheus and
Alertmanager by the files that are shipped. Then a film is submitted, its daemon is killed in the
middle, somebody looks at the ops page and is paged, another daemon ends the film, the alert
clears, and a backup is restored elsewhere. `OUT/journal.log` tells of it with times, and beside
it lie the pages that were looked at. Ends with 0, or with what was not as it should be.
"""

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.smoke.journal import Journal
from tests.smoke.programs import can_build, programs
from tests.smoke.run import go_through


def main() -> int:
    """Go through it; return the exit status."""
    parser = argparse.ArgumentParser(prog="tests.smoke", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(".cache/smoke"))
    parser.add_argument(
        "--images", choices=["auto", "yes", "no"], default="auto", help="Whether to build them."
    )
    given = parser.parse_args()
    out: Path = given.out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    journal = Journal(out / "journal.log")
    images = given.images == "yes" or (given.images == "auto" and can_build())
    with ExitStack() as stack:
        # Short, and open to the images' user on its way there.
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smoke-")))
        place.chmod(0o755)
        try:
            journal.step("Bridge and daemon")
            built = stack.enter_context(programs(images=images))
            for part, image in built.images.items():
                size = image.bytes_of("opt") / 1e6
                journal.say(f"The {part}'s image is built: {size:.0f} MB over Debian with Python")
            if not built.images:
                journal.say("As this checkout has them: images are built by root, with buildah")
            go_through(built, journal, place, pictures=out)
        except pytest.skip.Exception as missing:
            journal.say(f"This machine lacks a program: {missing}")
            return 1
        except BaseException:
            for log in sorted(place.rglob("*.log")):
                shutil.copy(log, out / f"{log.parent.name}-{log.name}")
            journal.say(f"Not as it should be; the logs are in {out}")
            raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
