"""What a ticket opens, and what it does not."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms_bridge.access.tickets import Tickets
from cms_bridge.errors import Unauthorised

SECRET = "a-link-secret-of-more-than-32-characters"
JOB = uuid4()


def tickets(secret: str = SECRET, seconds: int = 60) -> Tickets:
    return Tickets(secret, seconds=seconds)


def test_a_ticket_names_its_key_and_is_for_one_job() -> None:
    ticket = tickets().issue(JOB, key="k3v9x0p2m4qa")
    assert tickets().holder(ticket, JOB) == "k3v9x0p2m4qa"
    with pytest.raises(Unauthorised, match="another job"):
        tickets().holder(ticket, uuid4())


def test_a_ticket_ends() -> None:
    ticket = tickets(seconds=0).issue(JOB, key="environment")
    with pytest.raises(Unauthorised, match="expired"):
        tickets().holder(ticket, JOB)


def test_a_secret_is_rotated_without_a_ticket_being_refused() -> None:
    old = tickets().issue(JOB, key="environment")
    rotated = tickets(f"a-new-one-of-more-than-32-characters {SECRET}")
    assert rotated.holder(old, JOB) == "environment"
    with pytest.raises(Unauthorised):
        tickets("nothing-of-the-old-one-is-left-here-any-more").holder(old, JOB)


@given(place=st.integers(0, 65), letter=st.sampled_from("0aZ_.-é\n"))
def test_an_altered_ticket_is_none(place: int, letter: str) -> None:
    ticket = tickets().issue(JOB, key="environment")
    altered = ticket[:place] + letter + ticket[place + 1 :]
    if altered[:place] + altered[place : place + 1] == ticket[: place + 1]:
        return
    with pytest.raises(Unauthorised):
        tickets().holder(altered, JOB)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "1.2", "4102444800.environment.", "9" * 400, "٣.a.b"]
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(Unauthorised):
        tickets().holder(text, JOB)
