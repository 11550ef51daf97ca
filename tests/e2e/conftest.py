"""One installation with everything, Payload included, and a picture of each page that failed."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.support.browsers import BROWSING
from tests.support.installation import RunningInstallation, running_installation

_SECONDS = 600
"""A film in full size is made within one fixture, on a machine that is busy with other tests."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give these tests the time that a film takes; and what builds on each other all of it.

    Where slow tests are asked for, of a module marked `in_order` all are, for the slow ones go on
    with what the others have done.
    """
    for item in items:
        within = Path(__file__).parent in item.path.parents
        if within and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_SECONDS))
        if config.option.markexpr.startswith("slow") and item.get_closest_marker("in_order"):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInstallation]:
    with running_installation(
        tmp_path_factory.mktemp("installation"),
        cms=True,
        # After an outage nobody wants to wait longer than that for the next attempt.
        outbox_max_delay_seconds="2",
        # Long enough for the sample, and soon passed.
        max_scene_seconds="30",
    ) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Name a screenshot of the page in what a failed test says."""
    module = item.getparent(pytest.Module)
    browsing = module.stash.get(BROWSING, None) if module else None
    # What a fixture raised comes again with each test that asks for it.
    if call.excinfo and browsing and not hasattr(call.excinfo.value, "__notes__"):
        call.excinfo.value.add_note(browsing.photograph(f"{item.name}-{call.when}"))
    return (yield)
