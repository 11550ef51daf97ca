"""Fixtures for every kind of test: the event loop, and a database of either kind."""

import inspect
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import anyio
import httpx
import pytest
from hypothesis import HealthCheck, settings

from cms_bridge.database import connected, migrate
from cms_bridge.engines import absences
from render.priority import without_realtime
from tests.support.servers.postgres import PostgresServer

# How long an example takes is a matter of the machine and of what else runs on it, not of the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("unhurried"), max_examples=30)
settings.load_profile("unhurried")


# Nor is how long a server takes to answer, unless a test asks for that: httpx gives it 5 seconds.
_patience = inspect.signature(httpx.get).parameters["timeout"].default
for _wait in ("connect", "read", "write", "pool"):
    setattr(_patience, _wait, 60.0)


def pytest_configure(config: pytest.Config) -> None:
    # Some tests write AV1 with the library itself: as root it would take the machine for itself.
    calm = ExitStack()
    calm.enter_context(without_realtime())
    config.add_cleanup(calm.close)
    if "not slow" in config.option.markexpr:
        settings.load_profile("quick")  # `make test-slow` tries each law a hundred times


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pictures", default="", help="directory to write the README's pictures of the admin into"
    )


_ON_ONE_ENGINE = (
    "cms_bridge/access/test_projects.py",
    "cms_bridge/api",
    "cms_bridge/openapi",
    "cms_bridge/uploads",
    "cms_bridge/webhooks",
    "daemon",
)
"""Of `tests/integration`: what asks no other statements than the suites beneath, which are run on
both engines. CI asks it of PostgreSQL alone, and `make test-slow` of SQLite too."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what is asked of SQLite, where PostgreSQL is asked the same."""
    root = Path(__file__).parent / "integration"
    folders = [root / folder for folder in _ON_ONE_ENGINE]
    names = {item.nodeid for item in items}
    paths = {item.path for item in items}
    asked_once = {path for path in paths if not {path, *path.parents}.isdisjoint(folders)}
    for item in items:
        twin = item.nodeid.replace("sqlite", "postgres", 1)
        if item.path in asked_once and twin != item.nodeid and twin in names:
            item.add_marker(pytest.mark.slow)


pytest_plugins = ["tests.support.servers.fixtures", "tests.support.simulators.fixtures"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    anyio.run(migrate, f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> str:
    postgres_server.execute("CREATE DATABASE migrated")
    anyio.run(migrate, postgres_server.url("migrated"))
    return "migrated"


@pytest.fixture
def migrated_sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of its own."""
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    return f"sqlite:///{tmp_path}/test.db"


@pytest.fixture
def migrated_postgres_url(postgres_server: PostgresServer, migrated_postgres: str) -> Iterator[str]:
    """A migrated PostgreSQL database of its own."""
    with postgres_server.database(template=migrated_postgres) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of its own, on either engine."""
    return request.getfixturevalue(f"migrated_{request.param}_url")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """The same, with the tables bound to it."""
    absences.forget()  # what the test before was told of its own database
    async with connected(database_url):
        yield database_url
