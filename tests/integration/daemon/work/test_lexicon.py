"""A project's lexicon: given over HTTP, and heard in what is spoken from then on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from cms_bridge import lexicons
from cms_bridge.jobs import media
from cms_bridge.jobs.media import Order
from cms_bridge.pricing.estimates import OFFLINE
from cms_bridge.states import JobKind
from cms_bridge.tables import InboundEvent
from render.generation.requests import request_digest, speech_request
from render.pronunciation import Pronunciation
from render.storyboard import Limits
from tests.support import events
from tests.support.api import api_settings, running_api

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
LEXICON = "/api/v1/projects/bakery/lexicon"
ENTRY = {"word": "nginx", "spoken": "engine x", "language": None}


@pytest.fixture
async def http(
    database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(api_settings(database_url, redis_url, tmp_path)) as client:
        yield client


async def ordered(http: httpx.AsyncClient, text: str) -> Any:
    wanted = {"projectId": "bakery", "kind": "speech", "prompt": text}
    answer = await http.post("/api/v1/media/generate", json=wanted)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def test_it_is_empty_until_it_is_given_and_then_as_it_was_given(
    http: httpx.AsyncClient,
) -> None:
    assert (await http.get(LEXICON)).status_code == 404
    await ordered(http, "Bread.")
    assert (await http.get(LEXICON)).json() == {"entries": []}
    for entries in ([ENTRY], [ENTRY, {**ENTRY, "word": "SQL", "language": "de"}], []):
        given = await http.put(LEXICON, json={"entries": entries})
        assert (given.status_code, given.json()) == (200, {"entries": entries})
        assert (await http.get(LEXICON)).json() == {"entries": entries}
    assert await lexicons.of_project("another") == ()


async def test_what_is_too_much_or_not_of_its_form_is_refused(http: httpx.AsyncClient) -> None:
    await ordered(http, "Bread.")
    for entries in (
        [ENTRY] * 501,
        [{**ENTRY, "word": ""}],
        [{**ENTRY, "spoken": "x" * 201}],
        [{**ENTRY, "word": "two\nlines"}],
        [{**ENTRY, "language": "german!"}],
    ):
        assert (await http.put(LEXICON, json={"entries": entries})).status_code == 400
    assert (await http.get(LEXICON)).json() == {"entries": []}


async def test_what_is_spoken_from_then_on_is_asked_for_as_it_is_said(
    http: httpx.AsyncClient,
) -> None:
    await ordered(http, "Bread.")
    await http.put(LEXICON, json={"entries": [ENTRY]})
    order = Order(project="bakery", kind=JobKind.SPEECH, prompt="Start nginx now.")
    job, _ = await media.order(order, key=None, limits=Limits(), prices=OFFLINE)
    found = await media.find(job)
    (scene,) = found.storyboard.scenes
    entries = await lexicons.of_project("bakery")
    assert entries == (Pronunciation(word="nginx", spoken="engine x"),)
    asked = speech_request(found.storyboard, scene, entries)
    assert (asked.text, asked.said) == ("Start nginx now.", "Start engine x now.")
    assert request_digest(asked) != request_digest(speech_request(found.storyboard, scene))


async def test_the_cms_gives_it_to_a_project_that_has_no_video_yet_once_and_in_order(
    http: httpx.AsyncClient,
) -> None:
    async def send(*entries: Pronunciation, message: str) -> httpx.Response:
        event = events.lexicon(*entries, project="bakery")
        fixed = msgspec.structs.replace(event, timestamp=AT)
        body, headers = events.signed(fixed, message=message)
        return await http.post("/api/v1/webhooks/payload", content=body, headers=headers)

    one, other = Pronunciation(word="nginx", spoken="engine x"), Pronunciation(word="a", spoken="b")
    answer = await send(one, message="evt_1")
    assert answer.status_code == 202
    told = {"jobId": None, "status": None, "duplicate": False, "superseded": False}
    assert answer.json() == told
    assert (await http.get(LEXICON)).json() == {"entries": [ENTRY]}
    assert (await send(other, message="evt_2")).json() == told
    # Come late once more it changes nothing, and under its name comes nothing else.
    assert (await send(one, message="evt_1")).json() == {**told, "duplicate": True}
    assert (await send(other, message="evt_1")).status_code == 409
    assert await lexicons.of_project("bakery") == (other,)
    assert await InboundEvent.select(InboundEvent.body).output(as_list=True) == [b"", b""]
