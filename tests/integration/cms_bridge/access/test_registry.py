"""Keys from their making to their end, on either database."""

import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from cms_bridge.access import registry, tokens
from cms_bridge.access.callers import ENVIRONMENT, Action, Caller
from cms_bridge.access.keyring import Keyring
from cms_bridge.access.registry import Key, RegistryError, Standing
from cms_bridge.errors import Unauthorised
from cms_bridge.tables import ApiKey

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

DAY = timedelta(days=1)
SECRET = "the-key-of-the-environment-of-this-test"


@pytest.fixture
async def keyring() -> AsyncIterator[Keyring]:
    ring = Keyring(SECRET, remembers=timedelta(0))
    yield ring
    await ring.aclose()


async def make(
    *actions: Action, projects: tuple[str, ...] | None = ("p1",), lasts: timedelta | None = DAY
) -> tuple[str, Key]:
    return await registry.create(
        "A reader", projects=projects, actions=actions or (Action.READ,), lasts=lasts
    )


async def opens(keyring: Keyring, token: str) -> bool:
    try:
        await keyring.caller(token)
    except Unauthorised:
        return False
    return True


async def test_a_key_is_for_what_it_was_made_for(keyring: Keyring) -> None:
    token, key = await make(Action.SPEND, Action.READ, projects=("p2", "p1"))
    assert await keyring.caller(token) == Caller(
        key=key.id,
        actions=frozenset({Action.READ, Action.SPEND}),
        projects=frozenset({"p1", "p2"}),
    )
    assert [one.id for one in await registry.keys()] == [key.id]


async def test_a_key_of_all_projects_is_one_of_those_to_come(keyring: Keyring) -> None:
    token, _ = await make(projects=None)
    assert (await keyring.caller(token)).sees("a project that nobody knows yet")


async def test_the_key_of_the_environment_is_for_everything_and_in_no_table(
    keyring: Keyring,
) -> None:
    assert await keyring.caller(SECRET) is ENVIRONMENT
    assert ENVIRONMENT.actions == set(Action)
    assert await registry.keys() == []


async def test_the_secret_is_nowhere_in_the_database() -> None:
    token, _ = await make()
    (row,) = await ApiKey.select(*ApiKey.all_columns())
    assert row["digest"] == tokens.digest(token)
    assert token.split("_")[2] not in str(row)


async def test_wrong_secrets_open_nothing(keyring: Keyring) -> None:
    token, _ = await make()
    other, _ = await make()
    stitched = f"{token[:16]}{other[16:]}"
    for wrong in ("", token[:-1], token + "x", token.upper(), stitched, tokens.new_token(), "\0"):
        assert not await opens(keyring, wrong), wrong


async def test_an_expired_key_opens_nothing(keyring: Keyring) -> None:
    token, key = await make()
    await ApiKey.update({ApiKey.expires_at: datetime.now(UTC)}).where(ApiKey.id == key.id)
    with pytest.raises(Unauthorised, match="expired"):
        await keyring.caller(token)
    assert (await registry.find(key.id)).standing(datetime.now(UTC)) is Standing.EXPIRED


async def test_a_key_may_never_expire(keyring: Keyring) -> None:
    token, key = await make(lasts=None)
    assert key.expires_at is None
    assert await opens(keyring, token)


async def test_a_revoked_key_opens_nothing_and_stays_revoked(keyring: Keyring) -> None:
    token, key = await make()
    first = await registry.revoke(key.id)
    with pytest.raises(Unauthorised, match="revoked"):
        await keyring.caller(token)
    assert await registry.revoke(key.id) == first


async def test_both_are_good_until_the_overlap_ends(keyring: Keyring) -> None:
    token, key = await make(Action.READ, Action.MANAGE)
    successor, new = await registry.rotate(key.id, overlap=timedelta(hours=1))
    assert await opens(keyring, token)
    old, caller = await registry.find(key.id), await keyring.caller(successor)
    assert (caller.actions, caller.projects) == (key.caller.actions, key.caller.projects)
    assert old.successor == new.id
    assert old.expires_at
    assert timedelta(minutes=59) < old.expires_at - datetime.now(UTC) < timedelta(minutes=61)
    assert new.expires_at
    assert new.expires_at - new.created_at == DAY


async def test_an_overlap_makes_no_key_last_longer() -> None:
    _, key = await make()
    await registry.rotate(key.id, overlap=timedelta(days=30))
    assert (await registry.find(key.id)).expires_at == key.expires_at


async def test_without_an_overlap_the_old_key_ends_at_once(keyring: Keyring) -> None:
    token, key = await make(lasts=None)
    successor, _ = await registry.rotate(key.id, overlap=timedelta(0))
    assert not await opens(keyring, token)
    assert await opens(keyring, successor)


async def test_of_two_rotations_at_once_one_is_made() -> None:
    _, key = await make()
    made: list[str] = []

    async def rotate() -> None:
        try:
            token, _ = await registry.rotate(key.id, overlap=DAY)
        except RegistryError:
            return
        made.append(token)

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(rotate)
    assert len(made) == 1
    assert len(await registry.keys()) == 2


async def test_a_key_that_has_ended_is_not_rotated() -> None:
    _, key = await make()
    await registry.revoke(key.id)
    with pytest.raises(RegistryError, match="revoked"):
        await registry.rotate(key.id, overlap=DAY)
    with pytest.raises(RegistryError, match="no key"):
        await registry.revoke("nobody")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "two\nlines"},
        {"name": "x" * 201},
        {"projects": ()},
        {"projects": ("",)},
        {"projects": ("a\0b",)},
        {"projects": ("x" * 129,)},
        {"actions": ()},
    ],
    ids=str,
)
async def test_a_key_for_nothing_is_not_made(wrong: dict[str, Any]) -> None:
    wanted: dict[str, Any] = {
        "name": "n",
        "projects": None,
        "actions": (Action.READ,),
        "lasts": None,
    }
    with pytest.raises(RegistryError):
        await registry.create(**(wanted | wrong))
    assert await registry.keys() == []


async def test_use_is_noted_once_a_minute(keyring: Keyring) -> None:
    token, key = await make()
    for _ in range(20):
        await keyring.caller(token)
    await keyring.aclose()
    noted = (await registry.find(key.id)).last_used_at
    assert noted
    assert datetime.now(UTC) - noted < timedelta(seconds=30)
    # Another process comes to know of the key a moment later.
    other = Keyring(SECRET, remembers=timedelta(0))
    await other.caller(token)
    await other.aclose()
    assert (await registry.find(key.id)).last_used_at == noted
    await registry.note_use(key.id, at=noted + timedelta(minutes=1), every=timedelta(minutes=1))
    assert (await registry.find(key.id)).last_used_at == noted + timedelta(minutes=1)


async def test_a_good_key_is_remembered_for_a_moment_and_a_wrong_one_never() -> None:
    token, key = await make()
    ring = Keyring(SECRET, remembers=timedelta(seconds=0.3))
    await ring.caller(token)
    await registry.revoke(key.id)
    assert await opens(ring, token)
    await anyio.sleep(0.35)
    assert not await opens(ring, token)
    await ring.aclose()


async def test_an_unknown_id_is_as_much_work_as_a_wrong_secret(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[tuple[str, int]] = []
    lookup, compare = registry.lookup, hmac.compare_digest

    async def counted_lookup(name: str) -> Key | None:
        work.append(("lookup", len(name)))
        return await lookup(name)

    def counted_compare(one: str, other: str) -> bool:
        work.append(("compare", len(one) + len(other)))
        return compare(one, other)

    monkeypatch.setattr("cms_bridge.access.registry.lookup", counted_lookup)
    monkeypatch.setattr("cms_bridge.access.keyring.hmac.compare_digest", counted_compare)
    token, key = await make()
    # The same id, another secret, and a checksum that fits.
    monkeypatch.setattr(
        tokens, "_random", lambda _, length: key.id if length == 12 else "x" * length
    )
    wrong = tokens.new_token()
    monkeypatch.setattr(tokens, "_random", lambda _, length: "z" * length)
    unknown = tokens.new_token()
    assert tokens.id_in(wrong) == tokens.id_in(token)
    told: list[tuple[str, list[tuple[str, int]]]] = []
    for presented in (wrong, unknown):
        work.clear()
        with pytest.raises(Unauthorised) as refused:
            await keyring.caller(presented)
        told.append((str(refused.value), list(work)))
    assert told[0] == told[1]
    assert told[0][1] == [("compare", 128), ("lookup", 12), ("compare", 128)]
