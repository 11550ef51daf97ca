"""What single fields may hold, and that documents say the same as the decoder."""

import json
import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from cms_bridge import fields
from cms_bridge.events import Event
from cms_bridge.pricing.amounts import ceiling, rounded
from render import schema, storyboard
from tests.support import events


def taken(form: Any, value: object) -> bool:
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=form)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("form", "good"),
    [
        (fields.Id, "p1"),
        (fields.Name, ""),
        (fields.Person, "ann@example.com"),
        (fields.Digest, "0" * 64),
        (fields.Dollars, "0.15"),
        (storyboard.SceneId, "s1"),
        (storyboard.HexColour, "#14213d"),
        (storyboard.AssetName, "logo.png"),
        (storyboard.Locale, "pt-BR"),
    ],
)
def test_a_line_break_at_the_end_is_no_part_of_any_name(form: Any, good: str) -> None:
    assert taken(form, good)
    assert not taken(form, f"{good}\n")
    assert not taken(form, f"{good}\0")


@pytest.mark.parametrize("form", [fields.Id, fields.Name, fields.Person, storyboard.Locale])
def test_names_are_as_long_as_their_columns_at_most(form: Any) -> None:
    longest = msgspec.json.schema(form)["maxLength"]
    assert not taken(form, "en-" + "x" * longest)


def test_counts_fit_their_columns() -> None:
    assert taken(fields.Count, 2**31 - 1)
    assert not taken(fields.Count, 2**31)
    assert not taken(fields.Count, 0)


@pytest.mark.parametrize("round_", [rounded, ceiling])
def test_no_amount_is_rounded_up_to_what_the_columns_do_not_hold(round_: Any) -> None:
    assert round_(Decimal("999999.999999")) == Decimal("999999.999999")
    for amount in ("999999.9999999", "1000000", "-1", "NaN"):
        with pytest.raises(ValueError, match="amount"):
            round_(Decimal(amount))


def test_patterns_are_published_in_the_dialect_of_json_schema() -> None:
    _, named = schema.components([Event], ref_template="#/$defs/{name}")
    patterns = re.findall(r'"pattern": "(.*?)"', json.dumps(named))
    assert patterns
    assert all(one.endswith("$") and "(?!" not in one for one in patterns)


@pytest.mark.parametrize("place", [(), ("data",), ("data", "project"), ("data", "brief")])
def test_an_event_holds_nothing_that_is_not_known(place: tuple[str, ...]) -> None:
    event = inner = json.loads(msgspec.json.encode(events.submitted()))
    assert taken(Event, event)
    for name in place:
        inner = inner[name]
    inner["later"] = 1
    assert not taken(Event, event)
