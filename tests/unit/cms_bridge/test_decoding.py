"""Bodies: taken as they are meant or refused, with all that is wrong named by its place."""

import json
from contextlib import suppress
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms_bridge.api.subscriptions import WebhookSubscriptionChange
from cms_bridge.decoding import decode
from cms_bridge.errors import MalformedBody
from cms_bridge.events import Event
from tests.support import events


class Coin(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="coin"):
    worth: Annotated[int, msgspec.Meta(ge=1)]


class Note(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="note"):
    number: str


class Purse(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    owner_name: Annotated[str, msgspec.Meta(max_length=5)]
    holds: Annotated[list[Coin | Note], msgspec.Meta(max_length=3)] = []
    best: Coin | None = None
    weight: float = 0.0
    torn: bool = False


def faults(body: Any, form: Any = Purse) -> dict[str, str]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(MalformedBody) as refused:
        decode(raw, form)
    assert all(one.source == "body" and one.message for one in refused.value.errors)
    return {one.key: one.message for one in refused.value.errors}


def test_a_value_that_there_is_not_is_told_with_those_that_there_are() -> None:
    wrong = json.loads(msgspec.json.encode(events.submitted()))
    wrong["data"]["brief"] |= {"music": "jolly", "aspectRatio": "4:3"}
    assert faults(wrong, Event) == {
        "data.brief.music": "Invalid enum value 'jolly'."
        " There are calm, warm, bright, driving, tense, solemn",
        "data.brief.aspectRatio": "Invalid enum value '4:3'. There are 16:9, 9:16, 1:1",
    }


def test_everything_that_is_wrong_is_named_by_its_place() -> None:
    coins = [{"kind": "coin", "worth": 0}, {"kind": "note", "nmber": "1"}, {"kind": "gem"}]
    wrong = {"holds": coins, "best": {"kind": "coin", "worth": "1"}, "weight": "1", "ownr": "x"}
    assert faults(wrong).keys() == {
        "ownerName",
        "ownr",
        "holds[0].worth",
        "holds[1].number",
        "holds[1].nmber",
        "holds[2].kind",
        "best.worth",
        "weight",
    }
    assert faults({"ownerName": "x", "holds": [{"kind": "coin", "worth": 1}] * 4}).keys() == {
        "holds"
    }


def test_a_whole_number_is_whole_however_it_is_written() -> None:
    body = b'{"ownerName": "x", "best": {"kind": "coin", "worth": 7.0}, "weight": 1e2}'
    assert decode(body, Purse) == Purse(owner_name="x", best=Coin(worth=7), weight=100.0)
    half = {"ownerName": "x", "best": {"kind": "coin", "worth": 7.5}, "holds": [{"worth": 1.0}]}
    assert faults(half).keys() == {"best.worth", "holds[0]"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("weight", "1"),
        ("weight", True),
        ("torn", 1),
        ("torn", "true"),
        ("torn", "off"),
        ("ownerName", 1),
        ("best", "null"),
        ("best", []),
    ],
)
def test_nothing_is_taken_for_what_it_is_not(field: str, value: Any) -> None:
    assert faults({"ownerName": "x", field: value}).keys() == {field}


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"ownerName":"x","ownerName":"y"}', "ownerName"),
        (b'{"ownerName":"x","best":{"kind":"coin","worth":1,"worth":2}}', "worth"),
        (b'{"ownerName":"x","owner\\u004eame":"y"}', "ownerName"),
    ],
)
def test_a_name_that_stands_twice_has_no_value(body: bytes, key: str) -> None:
    assert faults(body) == {key: "It stands twice in one object"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"ownerName":"\xc3("}',
        b'{"ownerName":"\xed\xa0\x80"}',
        b'{"ownerName":"\\ud800"}',
        b'{"ownerName":"x","weight":NaN}',
        b'{"ownerName":"x","weight":Infinity}',
        b'{"ownerName":"x","weight":1e999}',
        b'{"ownerName":"x","weight":' + b"9" * 5_000 + b"}",
        b"\xef\xbb\xbf{}",
        '{"ownerName":"x"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"ownerName":' * 100_000,
        b'{"holds":' + b"[" * 100_000,
        b'{"x":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"ownerName":"x"} {}',
    ],
)
def test_what_is_no_json_of_the_form_is_a_refusal(body: bytes) -> None:
    assert faults(body)


def test_an_answer_repeats_no_more_than_a_glance() -> None:
    said = faults({"x" * 100_000: 1, "ownerName": "x"})
    assert sum(map(len, said)) < 500
    many = {f"field{number}": 1 for number in range(10_000)}
    assert len(faults(many)) == 50


def test_an_event_and_what_leaves_fields_out_are_read_by_the_same_rules() -> None:
    event = json.loads(msgspec.json.encode(events.submitted()))
    event["data"]["submission"] = "1"
    event["data"]["brief"]["titel"] = "x"
    assert faults(event, Event).keys() == {"data.submission", "data.brief.titel"}
    assert decode(b"{}", WebhookSubscriptionChange) == WebhookSubscriptionChange()
    assert faults({"enabled": "yes", "events": [1]}, WebhookSubscriptionChange).keys() == {
        "enabled",
        "events[0]",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["ownerName", "holds", "best", "kind", "worth"]), inner)
    ),
    max_leaves=8,
)


@given(JSON)
def test_whatever_comes_is_a_value_or_a_refusal_with_a_reason(value: Any) -> None:
    body = json.dumps(value).encode()
    with suppress(MalformedBody):
        assert decode(body, Purse)
        return
    assert faults(body)
