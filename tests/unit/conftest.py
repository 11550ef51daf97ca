"""Unit tests open no connection: trying to fails the test."""

from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    # Event loops wake themselves over a unix socket pair.
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
