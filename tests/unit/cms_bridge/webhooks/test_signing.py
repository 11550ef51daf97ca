"""Secrets that are derived: each its own, none stored, and both good while one is replaced."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook

from cms_bridge.webhooks.signing import MOST_AT_ONCE, SecretLost, Secrets, good, rotated

OLD, NEW = "an old secret of the installation, 32", "a new secret of the installation, 32"
NOW = datetime.now(UTC)
ONE = UUID(int=1)


def test_each_subscription_version_and_installation_has_a_secret_of_its_own() -> None:
    made = {
        Secrets([installation]).reveal(subscription, Secrets([installation]).version(number))
        for installation in (OLD, NEW)
        for subscription in (ONE, uuid4())
        for number in (1, 2)
    }
    assert len(made) == 8
    assert all(one.startswith("whsec_") and len(one) == 50 for one in made)


def test_the_same_is_derived_everywhere_and_always() -> None:
    secret = Secrets(["x" * 32]).reveal(ONE, Secrets(["x" * 32]).version(1))
    assert secret == "whsec_wUtimnvetF/XP6LZWQbV0RBNqELcZYBKgpXK2PhuCIA="


def test_a_version_tells_nothing_of_the_installations_secret() -> None:
    version = Secrets([OLD]).version(1)
    assert OLD not in repr(version)
    with pytest.raises(SecretLost):
        Secrets([NEW]).reveal(ONE, version)
    assert Secrets([NEW, OLD]).reveal(ONE, version) == Secrets([OLD]).reveal(ONE, version)


def test_an_older_version_that_cannot_be_derived_is_passed_over() -> None:
    old = Secrets([OLD]).version(1)
    new = Secrets([NEW])
    versions = rotated([old], new.version(2), until=NOW + timedelta(hours=1), at=NOW)
    # Receivers refuse what was signed minutes ago, as NOW may be in a long run of tests.
    at = datetime.now(UTC)
    headers = new.headers(ONE, versions, message="evt_1", body="{}", at=at)
    assert len(headers["webhook-signature"].split()) == 1
    Webhook(new.reveal(ONE, versions[0])).verify(b"{}", headers)


def test_rotations_in_a_row_keep_no_more_than_a_few_and_no_end_comes_later() -> None:
    secrets = Secrets([OLD])
    versions = [secrets.version(1)]
    soon = NOW + timedelta(minutes=1)
    versions = rotated(versions, secrets.version(2), until=soon, at=NOW)
    for number in range(3, 9):
        until = NOW + timedelta(hours=1)
        versions = rotated(versions, secrets.version(number), until=until, at=NOW)
    assert [one.number for one in versions] == [8, 7, 6, 5][:MOST_AT_ONCE]
    assert len(good(versions, NOW)) == MOST_AT_ONCE
    assert [one.number for one in good(versions, NOW + timedelta(hours=2))] == [8]
    at_once = rotated(versions, secrets.version(9), until=NOW, at=NOW)
    assert [one.number for one in at_once] == [9]
