"""The laws of links: what is signed verifies, anything else does not, and names stay harmless."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms_bridge import clock
from cms_bridge.storage.links import (
    ExpiredLink,
    InvalidLink,
    LinkSigner,
    content_disposition,
    whole_seconds,
)

KEY = f"{'0' * 32}/{'a' * 64}.mp4"
names = st.none() | st.text()


def _fields(query: str) -> tuple[int, str | None, str]:
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    return int(fields["expires"]), fields.get("name"), fields["signature"]


@given(names)
def test_what_is_signed_is_good_for_as_long_as_was_asked(name: str | None) -> None:
    signer = LinkSigner("secret")
    expires, signed_name, signature = _fields(
        signer.query(KEY, expires_in=timedelta(minutes=1), name=name)
    )
    left = signer.verify(KEY, expires=expires, name=signed_name, signature=signature)
    assert timedelta(seconds=55) < left <= timedelta(minutes=1)


@given(names, st.text(min_size=1), st.integers(1))
def test_another_name_or_expiry_is_another_link(name: str | None, added: str, later: int) -> None:
    signer = LinkSigner("secret")
    expires, _, signature = _fields(signer.query(KEY, expires_in=timedelta(minutes=1), name=name))
    with pytest.raises(InvalidLink):
        signer.verify(KEY, expires=expires, name=(name or "") + added, signature=signature)
    with pytest.raises(InvalidLink):
        signer.verify(KEY, expires=expires + later, name=name, signature=signature)


@given(st.text())
def test_no_invented_signature_opens_anything(signature: str) -> None:
    with pytest.raises(InvalidLink):
        LinkSigner("secret").verify(KEY, expires=9_999_999_999, name=None, signature=signature)


def test_an_expired_link_is_told_from_a_forged_one(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = LinkSigner("secret")
    expires, _, signature = _fields(signer.query(KEY, expires_in=timedelta(seconds=1), name=None))
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(expires, UTC))
    with pytest.raises(ExpiredLink):
        signer.verify(KEY, expires=expires, name=None, signature=signature)


def test_the_first_secret_signs_and_all_verify() -> None:
    old, both, new = LinkSigner("old"), LinkSigner("new old"), LinkSigner("new")
    for signing, verifying in ((old, both), (both, new), (both, both)):
        expires, _, signature = _fields(
            signing.query(KEY, expires_in=timedelta(minutes=1), name=None)
        )
        verifying.verify(KEY, expires=expires, name=None, signature=signature)
    with pytest.raises(InvalidLink):
        old.verify(KEY, expires=expires, name=None, signature=signature)


def test_no_secret_is_no_signer() -> None:
    with pytest.raises(ValueError, match="a secret is needed"):
        LinkSigner(" ")


@given(st.text(min_size=1))
def test_a_download_name_survives_and_adds_nothing_to_the_header(name: str) -> None:
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    message = EmailMessage()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"
    parameters = dict(message["Content-Disposition"].params)
    assert set(parameters) == {"filename"}
    assert "/" not in parameters["filename"]


@pytest.mark.parametrize("lifetime", [timedelta(seconds=0.5), timedelta(days=7, seconds=1)])
def test_a_lifetime_no_store_can_sign_is_refused(lifetime: timedelta) -> None:
    with pytest.raises(ValueError, match="a link lasts"):
        whole_seconds(lifetime)
