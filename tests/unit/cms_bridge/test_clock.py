"""The clock that all processes go by, whatever their machines' own show."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cms_bridge import clock

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=1)
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    clock.go_alone()
    yield
    clock.go_alone()


def test_alone_a_machine_goes_by_its_own() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < SOON


@pytest.mark.parametrize("apart", [HOUR, -HOUR])
def test_asked_a_server_is_gone_by_and_how_far_off_this_machine_is_is_told(
    apart: timedelta,
) -> None:
    moment = time.monotonic()
    ahead = clock.set_by(datetime.now(UTC) + apart, asked=moment, answered=moment)
    assert abs(ahead + apart) < SOON
    assert abs(clock.now() - datetime.now(UTC) - apart) < SOON


def test_it_goes_on_between_two_questions() -> None:
    asked = time.monotonic()
    clock.set_by(datetime(2026, 1, 1, tzinfo=UTC), asked=asked - 20, answered=asked - 10)
    since = clock.now() - datetime(2026, 1, 1, tzinfo=UTC)
    assert timedelta(seconds=15) <= since < timedelta(seconds=16)


def test_no_lease_charge_or_message_is_judged_by_a_machines_own_clock() -> None:
    rooms = [
        ROOT / "cms_bridge" / name
        for name in ("jobs", "ledger", "outbox", "inbox", "storage", "access", "webhooks")
    ]
    own = {
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for room in rooms
        for path in room.glob("*.py")
        for line in path.read_text().splitlines()
        if re.search(r"datetime\.now\(|time\.time\(", line)
    }
    assert {line.split(":")[0] for line in own} <= {
        "cms_bridge/inbox/webhooks.py",  # what who sends from here shows, beside the shared one
        "cms_bridge/ledger/vault.py",  # how old this machine says its own files are
        "cms_bridge/storage/local.py",
        "cms_bridge/storage/multipart.py",  # the store's clock
        "cms_bridge/storage/r2.py",  # as above
    }, own
