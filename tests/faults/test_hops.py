"""A fault at a hop, with every process and server real: nothing is lost, doubled or left behind.

A quick cut, with short leases; `make faults-hops` strikes at every hop with every fault.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cms_bridge.database import connected
from daemon.local.editor import Editor
from tests.faults import page
from tests.faults.hops import report
from tests.faults.hops.counting import Counts
from tests.faults.hops.house import House, open_house
from tests.faults.hops.plan import CELLS, Fault, Hop
from tests.faults.hops.report import Record
from tests.faults.hops.run import at_work, run

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(1200)]

QUICK = [
    (Hop.GENERATE, Fault.DATABASE),
    *(
        pytest.param(hop, fault, marks=pytest.mark.slow)
        for hop, fault in (
            (Hop.ACCEPT, Fault.KILL),
            (Hop.STORE, Fault.STORE),
            (Hop.WRITE_BACK, Fault.KILL),
        )
    ),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(
        tmp_path_factory.mktemp("house"),
        lease_seconds="6",
        sweep_seconds="1",
        retry_first_delay_seconds="0.5",
        payload_timeout_seconds="2",
        webhook_timeout_seconds="2",
    ) as house:
        yield house


@pytest.fixture
async def editor(house: House) -> AsyncIterator[Editor]:
    async with connected(house.database_url), at_work(house) as editor:
        yield editor


@pytest.mark.parametrize(("hop", "fault"), QUICK, ids=str)
async def test_a_film_comes_to_its_end_once(
    house: House, editor: Editor, hop: Hop, fault: Fault
) -> None:
    ending = await run(house, editor, hop, fault, 0)
    assert ending.counts.sound, ending.counts
    assert not ending.counts.asked


def test_every_hop_can_be_struck() -> None:
    assert {hop for hop, _ in CELLS} == set(Hop)
    assert {fault for _, fault in CELLS} == set(Fault)
    assert [hop.number for hop in Hop] == list(range(1, 13))


def test_the_page_says_what_is_not_zero(tmp_path: Path) -> None:
    made = [
        Record(
            hop=hop.number,
            fault=fault,
            number=number,
            at="2026-01-01T00:00:00Z",
            commit="abc",
            load=1,
            seconds=number + 1,
            taken=20.0 + number,
            counts=Counts(orphans=number),
        )
        for number in range(2)
        for hop, fault in [(Hop.CLAIM, Fault.KILL)]
    ]
    out = tmp_path / "page.md"
    page.put(out, "steps", "# Killed at every step\n")
    report.write(out, made)
    written = out.read_text()
    row = "| 6 a daemon claims the job | SIGKILL | 2 | 0 | 0 | 0 | 0 | 1 | 0 | 0 | 1.0 | 2.0 |"
    assert row in written
    assert "1 runs left something that is not zero" in written
    assert "was in hand again after 20 s (p50) and 21 s (p99; 2 runs)" in written
    assert "# Killed at every step" in written
    assert "| 6 | a daemon claims the job | 2: 2.0 | not run |" in written
