"""Fixtures that start the real servers once a session, and hand each test a clean one."""

from collections.abc import Iterator

import pytest
from redis import Redis

from tests.support.certificates import Trust, made_up_trust
from tests.support.servers import postgres, r2, redis, s3


@pytest.fixture(scope="session")
def s3_server() -> Iterator[s3.S3Server]:
    with s3.s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    return made_up_trust(tmp_path_factory.mktemp("trust"))


@pytest.fixture(scope="session")
def s3_over_https(trust: Trust) -> Iterator[s3.S3Server]:
    with s3.s3_server(trust) as server:
        yield server


@pytest.fixture(scope="session")
def r2_server(s3_server: s3.S3Server, trust: Trust) -> Iterator[tuple[s3.S3Server, r2.R2]]:
    with r2.r2_rules(s3_server, trust) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.PostgresServer]:
    with postgres.postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: postgres.PostgresServer) -> Iterator[str]:
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis.redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    with Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server
