"""The registry of keys: made, listed, rotated and revoked; of each only a digest is kept."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from cms_bridge import clock
from cms_bridge.access import tokens
from cms_bridge.access.callers import Action, Caller
from cms_bridge.database import transaction
from cms_bridge.errors import BridgeError
from cms_bridge.fields import Id
from cms_bridge.tables import ApiKey

_LONGEST_NAME = 200


class RegistryError(BridgeError):
    """What cannot be done to a key; the sentence says why."""


class Standing(StrEnum):
    """Whether a key opens anything."""

    GOOD = "good"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key, but for its secret."""

    id: str
    name: str
    """Who has it: a name for people."""
    digest: str
    projects: tuple[str, ...] | None
    """None for all."""
    actions: tuple[Action, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """To the minute."""
    successor: str | None
    """The id of the key that it was rotated into."""

    @property
    def caller(self) -> Caller:
        """What a request with it may do."""
        projects = None if self.projects is None else frozenset(self.projects)
        return Caller(key=self.id, actions=frozenset(self.actions), projects=projects)

    def standing(self, at: datetime) -> Standing:
        """Tell whether it opens anything at a moment."""
        if self.revoked_at is not None:
            return Standing.REVOKED
        if self.expires_at is not None and self.expires_at <= at:
            return Standing.EXPIRED
        return Standing.GOOD


async def create(
    name: str,
    *,
    projects: tuple[str, ...] | None,
    actions: tuple[Action, ...],
    lasts: timedelta | None,
) -> tuple[str, Key]:
    """Make a key; return its token, which is nowhere else, and the key. `RegistryError`."""
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise RegistryError(f"A key's name is one line of 1 to {_LONGEST_NAME} characters.")
    if not actions:
        raise RegistryError("A key without actions opens nothing; name one at least.")
    if projects is not None:
        if not projects:
            raise RegistryError("A key without projects sees nothing; name one, or all.")
        try:
            msgspec.convert(projects, tuple[Id, ...])
        except msgspec.ValidationError as error:
            raise RegistryError(f"This is no project's id: {error}") from None
    now = clock.now()
    expires = None if lasts is None else now + lasts
    return await _insert(name, projects=projects, actions=actions, expires=expires, now=now)


async def rotate(key: str, *, overlap: timedelta) -> tuple[str, Key]:
    """Make a key's successor, for the same; the old one ends after the overlap.

    The successor expires when the old one would have, counted from its making.
    Returns its token and itself. Raises `RegistryError`.
    """
    async with transaction():
        now = clock.now()
        old = await find(key)
        if (standing := old.standing(now)) is not Standing.GOOD:
            raise RegistryError(f"The key {key} is {standing}; make another instead.")
        if old.successor:
            raise RegistryError(f"The key {key} was rotated already, into {old.successor}.")
        lasts = old.expires_at - old.created_at if old.expires_at else None
        token, new = await _insert(
            old.name,
            projects=old.projects,
            actions=old.actions,
            expires=now + lasts if lasts else None,
            now=now,
        )
        ends = min(filter(None, (old.expires_at, now + overlap)))
        taken = (
            await ApiKey.update({ApiKey.successor: new.id, ApiKey.expires_at: ends})
            .where(ApiKey.id == key, ApiKey.successor.is_null(), ApiKey.revoked_at.is_null())
            .returning(ApiKey.id)
        )
        if not taken:
            raise RegistryError(f"The key {key} was rotated or revoked at this moment.")
    return token, new


async def revoke(key: str) -> Key:
    """End a key for good; twice is once. Raises `RegistryError`."""
    await ApiKey.update({ApiKey.revoked_at: clock.now()}).where(
        ApiKey.id == key, ApiKey.revoked_at.is_null()
    )
    return await find(key)


async def find(key: str) -> Key:
    """Return a key by its id; raise `RegistryError`."""
    if found := await lookup(key):
        return found
    raise RegistryError(f"There is no key {key}.")


async def lookup(key: str) -> Key | None:
    """Return a key by its id, if there is one."""
    row = await ApiKey.select(*ApiKey.all_columns()).where(ApiKey.id == key).first()
    return _key(row) if row else None


async def keys() -> list[Key]:
    """Return every key there ever was, oldest first."""
    rows = await ApiKey.select(*ApiKey.all_columns()).order_by(ApiKey.created_at, ApiKey.id)
    return [_key(row) for row in rows]


async def note_use(key: str, *, at: datetime, every: timedelta) -> None:
    """Note that a key was used, unless that was noted within the last `every`."""
    await ApiKey.update({ApiKey.last_used_at: at}).where(
        ApiKey.id == key,
        ApiKey.last_used_at.is_null() | (ApiKey.last_used_at <= at - every),
    )


async def _insert(
    name: str,
    *,
    projects: tuple[str, ...] | None,
    actions: tuple[Action, ...],
    expires: datetime | None,
    now: datetime,
) -> tuple[str, Key]:
    token = tokens.new_token()
    row: dict[str, Any] = {
        "id": tokens.named(token),
        "name": name,
        "digest": tokens.digest(token),
        "projects": None if projects is None else _json(projects),
        "actions": _json(actions),
        "created_at": now,
        "expires_at": expires,
        "revoked_at": None,
        "last_used_at": None,
        "successor": None,
    }
    await ApiKey.insert(ApiKey(**row))
    return token, _key(row)


def _json(words: tuple[str, ...]) -> str:
    return msgspec.json.encode(sorted(set(words))).decode()


def _key(row: dict[str, Any]) -> Key:
    decoded = {
        name: None if row[name] is None else msgspec.json.decode(row[name])
        for name in ("projects", "actions")
    }
    return msgspec.convert({**row, **decoded}, Key)
