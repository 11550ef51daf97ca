"""Errors of every kind that there is, each with a canary in its text that no log may show."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Literal

import asyncpg
import httpx
import msgspec
from pydantic import BaseModel

from cms_bridge.errors import MalformedEvent
from cms_bridge.fields import FieldError

CANARY = f"canary-{0xB0D1:x} of a body"
"""Put together, so that it is no constant of this program."""


def caught(raising: Callable[[], object]) -> Exception:
    try:
        raising()
    except Exception as error:  # noqa: BLE001 - any of them
        return error
    raise AssertionError


def by_driver() -> None:
    raise asyncpg.UniqueViolationError(
        f"duplicate key\nDETAIL: Key (id)=({CANARY}) already exists."
    )


def by_sqlite() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f'SELECT 1 FROM "{CANARY}"')  # noqa: S608 - it is to fail


def by_pydantic() -> None:
    class Model(BaseModel):
        number: int

    Model.model_validate({"number": CANARY})


def by_msgspec() -> None:
    msgspec.json.decode(msgspec.json.encode(CANARY), type=Literal["a", "b"])


def by_http() -> None:
    request = httpx.Request("GET", "https://user:pass@host/x?X-Amz-Signature=" + CANARY[:9])
    httpx.Response(403, request=request).raise_for_status()


def by_conversion() -> None:
    int(CANARY)


def by_key() -> None:
    {}[CANARY]


def by_hand() -> None:
    raise RuntimeError(f"cannot read {CANARY}")


def by_the_program() -> None:
    raise MalformedEvent((FieldError(message=CANARY),))


def by_chain() -> None:
    try:
        by_hand()
    except RuntimeError as error:
        raise ValueError(CANARY) from error


def by_context() -> None:
    try:
        by_hand()
    except RuntimeError:
        by_conversion()


def by_group() -> None:
    raise ExceptionGroup(CANARY, [caught(by_driver), ExceptionGroup("inner", [caught(by_chain)])])


KINDS = [
    by_driver,
    by_sqlite,
    by_pydantic,
    by_msgspec,
    by_http,
    by_conversion,
    by_key,
    by_hand,
    by_the_program,
    by_chain,
    by_context,
    by_group,
]
