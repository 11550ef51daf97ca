"""A finished film in another form, over HTTP: its price, its course, and what it has made."""

from collections.abc import AsyncIterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import httpx
import pytest

from cms_bridge.access import registry
from cms_bridge.access.callers import Action
from cms_bridge.errors import ApprovedCostReached, JobNotFound
from cms_bridge.jobs import approvals, leases
from cms_bridge.jobs.moves import find
from cms_bridge.records import StoredVideo
from cms_bridge.states import Status
from cms_bridge.tables import Asset, GeneratedVideo
from render.problem import Problem
from render.rendition import FRAME_RATES, frame_rate, rate_name
from render.storyboard import AspectRatio, CaptionStyle
from tests.support import events
from tests.support.jobs import accept, claimed
from tests.support.priced import BOARD, PRICES, drafted, generated, priced_bridge

pytestmark = pytest.mark.anyio

MADE = StoredVideo(
    key=f"{'a' * 32}/{'b' * 64}.mp4",
    poster_key=f"{'a' * 32}/{'c' * 64}.jpg",
    duration=1,
    width=9,
    height=16,
    bytes=4,
)


@pytest.fixture
async def http(
    database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    async with priced_bridge(database_url, redis_url, tmp_path) as client:
        yield client


async def filmed() -> UUID:
    job = await generated()
    await finish(job)
    return job


async def finish(job: UUID) -> None:
    lease = await claimed(job)
    await leases.advance(lease, to=Status.COMPOSING)
    await leases.advance(lease, to=Status.UPLOADING)
    await leases.complete(lease, MADE)


async def order(http: httpx.AsyncClient, video: UUID, **form: Any) -> dict[str, Any]:
    answer = await http.post(f"/api/v1/videos/{video}/exports", json=form)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def test_another_shape_costs_nothing_where_pictures_are_cropped(
    http: httpx.AsyncClient,
) -> None:
    video = await filmed()
    form = {"aspectRatio": "9:16", "resolution": "360p", "format": "hevc", "fps": "29.97"}
    priced = await http.post(f"/api/v1/videos/{video}/exports/estimate", json=form)
    assert priced.json()["toApprove"] == "0.000000"
    export = await order(http, video, **form)
    assert export | form == export
    assert (export["status"], export["cropped"]) == ("approved", True)
    lease = await claimed(UUID(export["id"]))
    assert lease.storyboard
    assert lease.storyboard.aspect_ratio is AspectRatio.PORTRAIT
    assert lease.output.asked(lease.storyboard) == BOARD
    await leases.advance(lease, to=Status.COMPOSING)
    await leases.advance(lease, to=Status.UPLOADING)
    await leases.complete(lease, MADE)
    base = f"/api/v1/videos/{video}/exports"
    done = (await http.get(f"{base}/{export['id']}")).json()
    assert (done["status"], done["rendition"]["height"]) == ("completed", 16)
    assert (done["rendition"]["format"], done["rendition"]["fps"]) == ("hevc", "29.97")
    assert (await http.get(base)).json() == {"exports": [done]}
    shown = (await http.get(f"/api/v1/videos/{video}/renditions")).json()["renditions"]
    assert len(shown) == 2
    assert shown[0] == done["rendition"]
    assert [one["exportId"] for one in shown] == [export["id"], None]
    # The film is still what is shown of the video.
    (film,) = await GeneratedVideo.select().where(GeneratedVideo.export_job.is_null())
    assert (await find(video)).status == "completed"
    assert film["number"] == 1


async def test_captions_in_the_picture_and_a_stream_are_forms_of_their_own(
    http: httpx.AsyncClient,
) -> None:
    video = await filmed()
    plain = await order(http, video)
    assert (plain["captions"], plain["hls"], plain["previews"]) == ("none", False, False)
    lit = await order(http, video, captions="lit", hls=True)
    assert (lit["captions"], lit["hls"], lit["toApprove"]) == ("lit", True, "0.000000")
    lease = await claimed(UUID(lit["id"]))
    assert lease.storyboard
    assert lease.storyboard.captions is CaptionStyle.LIT
    # Nothing that is drawn or spoken is another.
    assert lease.storyboard.scenes == BOARD.scenes
    assert lease.output.hls
    assert (await order(http, video, captions="lit", hls=True))["id"] == lit["id"]
    assert (await order(http, video, captions="lit"))["id"] not in (plain["id"], lit["id"])
    moving = await order(http, video, previews=True)
    assert (moving["previews"], moving["toApprove"]) == (True, "0.000000")
    assert moving["id"] not in (plain["id"], lit["id"])
    assert (await claimed(UUID(moving["id"]))).output.previews
    answer = await http.post(f"/api/v1/videos/{video}/exports", json={"captions": "neon"})
    assert (answer.status_code, answer.json()["errors"][0]["key"]) == (400, "captions")


async def test_what_an_export_made_is_served_as_any_rendition_is(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    video = await filmed()
    export = await order(http, video, fps="50")
    await finish(UUID(export["id"]))
    path = anyio.Path(tmp_path / "objects" / MADE.key)
    await path.parent.mkdir(parents=True)
    await path.write_bytes(b"film")
    done = (await http.get(f"/api/v1/videos/{video}/exports/{export['id']}")).json()
    for url in (done["rendition"]["streamUrl"], done["rendition"]["downloadUrl"]):
        part = await http.get(url, headers={"Range": "bytes=0-1"})
        assert (part.status_code, part.content) == (206, b"fi")
    links = await http.get(f"/api/v1/videos/jobs/{export['id']}/links")
    assert (await http.get(links.json()["video"]["url"])).content == b"film"
    task = (await http.get(f"/api/v1/tasks/{export['id']}/status")).json()
    assert (task["kind"], task["resultUrl"]) == ("export", links.url.path)
    # Asked for again it is over already.
    again = await http.post(f"/api/v1/videos/{video}/exports", json={"fps": "50"})
    assert (again.status_code, again.json()) == (200, done)
    assert again.headers["location"] == f"/api/v1/videos/{video}/exports/{export['id']}"


async def test_pictures_made_anew_have_a_price_that_is_approved_first(
    http: httpx.AsyncClient,
) -> None:
    video = await filmed()
    export = await order(http, video, aspectRatio="1:1", pictures="anew")
    assert (export["status"], export["toApprove"]) == ("storyboard_complete", "0.080000")
    path = f"/api/v1/jobs/{export['id']}"
    assert (await http.post(f"{path}/render")).status_code == 403
    named = {"storyboardDigest": export["storyboardDigest"], "by": "ann"}
    cheap = await http.post(f"{path}/approve", json={**named, "estimatedCost": "0.04"})
    assert cheap.status_code == 409
    approval = await http.post(f"{path}/approve", json={**named, "estimatedCost": "0.08"})
    assert approval.json()["approvedCost"] == "0.080000"
    assert (await http.post(f"{path}/render")).json()["status"] == "approved"


async def test_what_lost_calls_may_cost_on_top_stands_beside_the_price(
    http: httpx.AsyncClient,
) -> None:
    video = await filmed()
    form = {"aspectRatio": "1:1", "pictures": "anew"}
    path = f"/api/v1/videos/{video}/exports"

    async def told() -> list[str]:
        priced = (await http.post(f"{path}/estimate", json=form)).json()
        listed = (await http.get(path)).json()["exports"]
        free = (await http.post(f"{path}/estimate", json={"fps": "50"})).json()
        return [one["lostAtMost"] for one in (priced, *listed, free)]

    await order(http, video, **form)
    assert await told() == ["0.000000"] * 3
    project = (await find(video)).project
    own_caps = f"/api/v1/projects/{project}/spending"
    await http.put(own_caps, json={"lostCall": "0.05", "lostVideo": "0.5"})
    assert await told() == ["0.500000", "0.500000", "0.000000"]


@pytest.mark.parametrize("rate", FRAME_RATES)
async def test_a_rate_is_exact_from_its_name_to_what_the_engine_is_told(
    http: httpx.AsyncClient, rate: Fraction
) -> None:
    video, name = await filmed(), rate_name(rate)
    priced = await http.post(f"/api/v1/videos/{video}/exports/estimate", json={"fps": name})
    assert priced.json()["toApprove"] == "0.000000"
    export = await order(http, video, fps=name)
    assert (await order(http, video, fps=name))["id"] == export["id"]
    lease = await claimed(UUID(export["id"]))
    assert frame_rate(str(lease.output.fps)) == lease.output.rate == rate
    await leases.advance(lease, to=Status.COMPOSING)
    await leases.advance(lease, to=Status.UPLOADING)
    await leases.complete(lease, MADE)
    row = await GeneratedVideo.select().where(GeneratedVideo.export_job == lease.job_id).first()
    assert row
    assert Fraction(row["fps"], row["fps_divisor"]) == rate
    done = (await http.get(f"/api/v1/videos/{video}/exports/{export['id']}")).json()
    assert done["fps"] == done["rendition"]["fps"] == name


async def test_the_document_knows_every_rate_that_the_engine_does(http: httpx.AsyncClient) -> None:
    document = (await http.get("/schema/openapi.json")).json()
    named = document["components"]["schemas"]["FrameRate"]["enum"]
    assert named == [rate_name(rate) for rate in FRAME_RATES]


async def test_what_is_lost_is_priced_for_an_export_too(http: httpx.AsyncClient) -> None:
    video = await filmed()
    await Asset.update({Asset.condition: "unusable"}).where(Asset.kind == "picture")
    export = await order(http, video, aspectRatio="9:16")
    assert (export["status"], export["toApprove"]) == ("storyboard_complete", "0.080000")


async def test_what_is_lost_meanwhile_is_paid_for_by_no_export_that_was_free(
    http: httpx.AsyncClient,
) -> None:
    video = await filmed()
    export = await order(http, video, aspectRatio="9:16")
    await Asset.update({Asset.condition: "unusable"}).where(
        Asset.kind == "picture", Asset.scene_id == BOARD.scenes[0].id
    )
    lease = await claimed(UUID(export["id"]))
    due = ApprovedCostReached(approved=Decimal(0), spent=Decimal(0), needed=Decimal("0.04"))
    more = await approvals.too_little(lease.job_id, due, PRICES)
    await leases.fail(lease, Problem(code=more.code, message=more.message, params=more.params))
    path = f"/api/v1/videos/{video}/exports/{export['id']}"
    stopped = (await http.get(path)).json()
    assert (stopped["status"], stopped["toApprove"]) == ("failed", "0.040000")
    assert stopped["error"]["params"]["needed"] == "0.040000"
    named = {"storyboardDigest": stopped["storyboardDigest"], "by": "ann"}
    job = f"/api/v1/jobs/{export['id']}"
    await http.post(f"{job}/approve", json={**named, "estimatedCost": stopped["toApprove"]})
    assert (await http.post(f"{job}/render")).json()["status"] == "approved"
    assert (await find(lease.job_id)).approved_cost == Decimal("0.04")


async def test_a_film_with_a_placeholder_is_exported_with_it(http: httpx.AsyncClient) -> None:
    video = await filmed()
    await Asset.update({Asset.source: "rule", Asset.model_used: "none"}).where(
        Asset.kind == "picture"
    )
    assert (await order(http, video, aspectRatio="9:16"))["status"] == "approved"


async def test_the_same_is_exported_once_and_of_the_next_revision_again(
    http: httpx.AsyncClient,
) -> None:
    video = await filmed()
    first, same = [await order(http, video, resolution="360p") for _ in range(2)]
    other = await order(http, video, resolution="360p", fps="60")
    assert first["id"] == same["id"] != other["id"]
    board = events.storyboard("One.")
    await accept(events.approved(video, revision=3, board=board, edits=True), prices=PRICES)
    # While a revision is made, the film that is shown is what is exported.
    assert (await order(http, video, resolution="360p"))["id"] == first["id"]
    await finish(video)
    again = await order(http, video, resolution="360p")
    assert again["id"] != first["id"]
    assert (first["storyboardRevision"], again["storyboardRevision"]) == (2, 3)


async def test_an_export_is_cancelled_and_begun_again(http: httpx.AsyncClient) -> None:
    video = await filmed()
    for form, status in (({}, "approved"), ({"pictures": "anew"}, "storyboard_complete")):
        export = await order(http, video, aspectRatio="9:16", **form)
        path = f"/api/v1/videos/{video}/exports/{export['id']}"
        for _ in range(2):
            assert (await http.post(f"{path}/cancel")).json()["status"] == "cancelled"
        for _ in range(2):
            assert (await http.post(f"{path}/retry")).json()["status"] == status
    lease = await claimed(UUID((await order(http, video, aspectRatio="9:16"))["id"]))
    await leases.fail(lease, Problem(code="x", message="X."))
    path = f"/api/v1/videos/{video}/exports/{lease.job_id}"
    assert (await http.get(path)).json()["error"]["code"] == "x"
    assert (await http.post(f"{path}/retry")).json()["error"] is None
    await finish(lease.job_id)
    assert (await http.post(f"{path}/cancel")).status_code == 409
    assert (await http.post(f"{path}/retry")).status_code == 409


async def test_what_cannot_be_exported_says_why(http: httpx.AsyncClient) -> None:
    unfinished, video = await drafted(), await filmed()
    for asked, form, status in (
        (uuid4(), {}, 404),
        (unfinished, {}, 409),
        (video, {"fps": "29"}, 400),
        (video, {"fps": 29.97}, 400),
        (video, {"fps": "30000/1001"}, 400),
        (video, {"aspectRatio": "4:3"}, 400),
        (video, {"format": "avi"}, 400),
        (video, {"resolutoin": "360p"}, 400),
    ):
        for path in ("exports", "exports/estimate"):
            answer = await http.post(f"/api/v1/videos/{asked}/{path}", json=form)
            assert answer.status_code == status, answer.text
    export = await order(http, video)
    for other in (unfinished, uuid4()):
        answer = await http.get(f"/api/v1/videos/{other}/exports/{export['id']}")
        assert answer.status_code == 404
    token, _ = await registry.create(
        "elsewhere", projects=("another",), actions=tuple(Action), lasts=None
    )
    for path in ("", f"/{export['id']}"):
        answer = await http.get(
            f"/api/v1/videos/{video}/exports{path}", headers={"Authorization": f"Bearer {token}"}
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "video_not_found")
    # An export is of what was filmed: no event edits it.
    with pytest.raises(JobNotFound, match="An export is of what was filmed"):
        await accept(events.approved(export["id"], board=BOARD, edits=True), prices=PRICES)
