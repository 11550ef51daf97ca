"""Replicate as seen over HTTP: models, predictions and outputs, scripted faults, counted charges.

A prediction runs by the clock, whether anyone looks or not; it is charged when
it succeeds. Creating, polling, listing and downloading each have a script of
their own.
"""

import asyncio
import base64
import itertools
import json
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.simulators import media
from tests.support.simulators.serving import hang_up

TOKEN = "a-token"
RETIRED = {"stability-ai/retired"}
SIZES = {
    "black-forest-labs/flux-1.1-pro-ultra": {
        "16:9": (2752, 1536),
        "9:16": (1536, 2752),
        "1:1": (2048, 2048),
    },
}
_STILLS = ("image", "first_frame", "start_image")
SMALL = {"16:9": (1344, 768), "9:16": (768, 1344), "1:1": (1024, 1024)}
FINAL = {"succeeded", "failed", "canceled", "aborted"}


@dataclass(frozen=True, kw_only=True)
class Run:
    """Begin a prediction that ends after so many seconds, in this status."""

    seconds: float = 0.0
    status: str = "succeeded"
    error: str | None = None
    output: Any = None
    """In place of what the model would make; `{link}` and `{data}` in it stand for that."""
    age: timedelta = timedelta()
    """How long ago the service says that it was begun."""
    delivered: float | None = None
    """Seconds of a clip or of music, in place of those asked for."""
    stubborn: bool = False
    """Takes no notice of being cancelled."""


@dataclass(frozen=True, kw_only=True)
class Refuse:
    """Answer with a status of 400 or more, in Replicate's words."""

    status: int
    detail: str = "No."
    after: bool = False
    """Do what was asked all the same."""


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Do what was asked, unless told otherwise, and let a proxy answer in one's place."""

    status: int = 502
    body: str = "<html><center><h1>Bad Gateway</h1></center></html>"
    media_type: str = "text/html"
    after: bool = True


@dataclass(frozen=True, kw_only=True)
class SendOn:
    """Redirect a download."""

    to: str


@dataclass(frozen=True, kw_only=True)
class HangUp:
    """Do what was asked, and break the connection off instead of answering."""


@dataclass(frozen=True, kw_only=True)
class Hang:
    """Do what was asked, and answer only after so many seconds."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Raw:
    """Do what was asked, and answer 200 with these bytes."""

    body: bytes


@dataclass(frozen=True, kw_only=True)
class Oversize:
    """Answer with so many bytes."""

    size: int


@dataclass(frozen=True, kw_only=True)
class Expire:
    """Refuse this link from now on; the prediction then has a new one, or none."""

    renewed: bool = True


Act = Run | Refuse | Gateway | SendOn | HangUp | Hang | Raw | Oversize | Expire


@dataclass
class Prediction:
    """One prediction, as the service remembers it."""

    id: str
    model: str
    input: dict[str, Any]
    run: Run
    started: float
    began: datetime
    cancelled: float | None = None
    link: int = 0

    @property
    def status(self) -> str:
        if self.cancelled is not None and not self.run.stubborn:
            return "canceled"
        return (
            self.run.status if time.monotonic() >= self.started + self.run.seconds else "starting"
        )


@dataclass
class ReplicateSimulator:
    """The state of the simulated service; tests write the scripts and read the counts."""

    url: str = ""
    creates: deque[Act] = field(default_factory=deque)
    polls: deque[Act] = field(default_factory=deque)
    lists: deque[Act] = field(default_factory=deque)
    downloads: deque[Act] = field(default_factory=deque)
    predictions: dict[str, Prediction] = field(default_factory=dict)
    polled: list[float] = field(default_factory=list)
    downloaded: int = 0
    listed: int = 0
    unlisted: int = 0
    """Looks at the list that do not show the latest prediction yet."""
    page: int = 100
    tells_inputs: bool = True
    """Whether the list does, or each prediction alone."""
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The input fields that a model tells of, by its name; it tells of none by default."""
    leaks: int = 0
    """Downloads that carried a token."""
    ids: Any = field(default_factory=itertools.count)

    def reset(self) -> None:
        for script in (self.creates, self.polls, self.lists, self.downloads):
            script.clear()
        self.predictions.clear()
        self.polled.clear()
        self.schemas.clear()
        self.downloaded = self.leaks = self.listed = self.unlisted = 0
        self.page, self.tells_inputs = 100, True

    @property
    def charges(self) -> list[str]:
        """The model of every prediction that has succeeded."""
        return [one.model for one in self.predictions.values() if one.status == "succeeded"]

    @property
    def app(self) -> Starlette:
        model = "/v1/models/{owner}/{name}"
        prediction = "/v1/predictions/{id}"
        return Starlette(
            routes=[
                Route(f"{model}/predictions", self._create, methods=["POST"]),
                Route(model, self._model),
                Route("/v1/predictions", self._list),
                Route(prediction, self._poll),
                Route(f"{prediction}/cancel", self._cancel, methods=["POST"]),
                Route("/outputs/{id}/{link:int}", self._download),
            ]
        )

    async def _model(self, request: Request) -> Response:
        owner, name = request.path_params["owner"], request.path_params["name"]
        if f"{owner}/{name}" in RETIRED:
            return _refusal(Refuse(status=404))
        known = {"owner": owner, "name": name, "visibility": "public", "run_count": 9}
        if fields := self.schemas.get(f"{owner}/{name}"):
            known["latest_version"] = {
                "id": "v1",
                "created_at": _written(datetime.now(UTC)),
                "cog_version": "0.16",
                "openapi_schema": {"components": {"schemas": {"Input": {"properties": fields}}}},
            }
        return JSONResponse({"url": f"https://replicate.com/{owner}/{name}", **known})

    async def _create(self, request: Request) -> Response:
        model = f"{request.path_params['owner']}/{request.path_params['name']}"
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _refusal(Refuse(status=401, detail="You did not pass a valid token."))
        if model in RETIRED:
            return _refusal(Refuse(status=404))
        body = json.loads(await request.body())
        act = self.creates.popleft() if self.creates else Run()
        if isinstance(act, Refuse) and not act.after:
            return _refusal(act)
        if isinstance(act, Gateway) and not act.after:
            return Response(act.body, act.status, media_type=act.media_type)
        self.begin(model, body["input"], act if isinstance(act, Run) else Run())
        return await self._answer(request, act, self.latest, status=201)

    def begin(self, model: str, inputs: dict[str, Any], run: Run) -> None:
        """Begin a prediction, for whoever asked."""
        name = f"p{next(self.ids)}"
        self.predictions[name] = Prediction(
            name, model, inputs, run, time.monotonic(), datetime.now(UTC) - run.age
        )

    @property
    def latest(self) -> Prediction:
        return list(self.predictions.values())[-1]

    async def _list(self, request: Request) -> Response:
        self.listed += 1
        act = self.lists.popleft() if self.lists else None
        match act:
            case Refuse():
                return _refusal(act)
            case Gateway():
                return Response(act.body, act.status, media_type=act.media_type)
            case HangUp():
                hang_up(request)
            case Hang():
                await asyncio.sleep(act.seconds)
            case Raw():
                return Response(act.body, media_type="application/json")
            case _:
                pass
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _refusal(Refuse(status=401, detail="You did not pass a valid token."))
        shown = list(reversed(self.predictions.values()))
        if self.unlisted:
            self.unlisted -= 1
            shown = shown[1:]
        first = int(request.query_params.get("cursor", "0"))
        results = [self._shown(one) for one in shown[first : first + self.page]]
        if not self.tells_inputs:
            for one in results:
                del one["input"]
        more = first + self.page < len(shown)
        # Whoever follows this address, and not its cursor alone, ends nowhere.
        url = f"http://127.0.0.1:9/v1/predictions?cursor={first + self.page}"
        return JSONResponse({"next": url if more else None, "previous": None, "results": results})

    async def _poll(self, request: Request) -> Response:
        self.polled.append(time.monotonic())
        act = self.polls.popleft() if self.polls else None
        if isinstance(act, Refuse):
            return _refusal(act)
        found = self.predictions.get(request.path_params["id"])
        if found is None:
            return _refusal(Refuse(status=404))
        return await self._answer(request, act, found)

    async def _cancel(self, request: Request) -> Response:
        found = self.predictions[request.path_params["id"]]
        if found.status not in FINAL:
            found.cancelled = time.monotonic()
        return JSONResponse(self._shown(found))

    async def _download(self, request: Request) -> Response:
        self.downloaded += 1
        self.leaks += "authorization" in request.headers
        found = self.predictions[request.path_params["id"]]
        act = self.downloads.popleft() if self.downloads else None
        match act:
            case Refuse():
                return _refusal(act)
            case SendOn():
                return RedirectResponse(act.to, 302)
            case HangUp():
                hang_up(request)
            case Raw():
                return Response(act.body)
            case Oversize():
                return StreamingResponse(_chunks(act.size))
            case Expire():
                found.link = found.link + 1 if act.renewed else -1
            case Hang():
                await asyncio.sleep(act.seconds)
            case _:
                pass
        if request.path_params["link"] != found.link:
            return _refusal(Refuse(status=404))
        return Response(_made(found))

    async def _answer(
        self, request: Request, act: Act | None, found: Prediction, status: int = 200
    ) -> Response:
        match act:
            case Refuse():
                return _refusal(act)
            case Gateway():
                return Response(act.body, act.status, media_type=act.media_type)
            case HangUp():
                hang_up(request)
            case Hang():
                await asyncio.sleep(act.seconds)
            case Raw():
                return Response(act.body, status, media_type="application/json")
            case Oversize():
                return StreamingResponse(_chunks(act.size), media_type="application/json")
            case _:
                pass
        return JSONResponse(self._shown(found), status)

    def _shown(self, found: Prediction) -> dict[str, Any]:
        status = found.status
        output = None
        if status == "succeeded" and found.link >= 0:
            output = self._filled(found, found.run.output)
            if output is None:
                output = self._output(found)
        return {
            "id": found.id,
            "model": found.model,
            "version": "hidden",
            "status": status,
            "input": found.input,
            "output": output,
            "logs": "",
            "error": found.run.error if status in FINAL else None,
            "metrics": {"predict_time": 1.2, "input_token_count": 100, "output_token_count": 200},
            "created_at": _written(found.began),
            "completed_at": _written(found.began + timedelta(seconds=found.run.seconds))
            if status in FINAL
            else None,
            "data_removed": found.link < 0,
            "source": "api",
            "urls": {
                "get": f"{self.url}/v1/predictions/{found.id}",
                "cancel": f"{self.url}/v1/predictions/{found.id}/cancel",
            },
        }

    def _output(self, found: Prediction) -> Any:
        if "system_prompt" in found.input:
            schema = json.loads(found.input["system_prompt"].partition("JSON schema:\n")[2])
            text = json.dumps(media.instance(schema))
            return ["Here it is:\n", text[:5], text[5:]]
        link = self._link(found)
        return [link] if "flux-schnell" in found.model else link

    def _link(self, found: Prediction) -> str:
        return f"{self.url}/outputs/{found.id}/{found.link}"

    def _filled(self, found: Prediction, output: Any) -> Any:
        """Return an output with its link, or its bytes, in place of what stands for them."""
        match output:
            case "{link}":
                return self._link(found)
            case "{data}":
                held = base64.b64encode(_made(found)).decode()
                return f"data:image/jpeg;base64,{held}"
            case dict():
                return {name: self._filled(found, one) for name, one in output.items()}
            case list():
                return [self._filled(found, one) for one in output]
            case _:
                return output


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _made(found: Prediction) -> bytes:
    if "text" in found.input:
        rate = 32_000
        return media.wav(
            media.speech(found.input["text"], rate, speed=found.input.get("speed", 1)), rate
        )
    if still := next((found.input[name] for name in _STILLS if name in found.input), None):
        first = base64.b64decode(still.partition(",")[2])
        seconds = found.input.get("duration") or (found.input["num_frames"] - 1) / 16
        sound = 0.25 if found.input.get("generate_audio") else None
        return media.clip(first, found.run.delivered or seconds, sound=sound)
    if "aspect_ratio" not in found.input:
        return media.music(found.run.delivered or found.input["duration"])
    shape = found.input["aspect_ratio"]
    return media.picture(*SIZES.get(found.model, SMALL)[shape])


def _refusal(act: Refuse) -> Response:
    title = "Request was throttled" if act.status == 429 else "Refused"
    return JSONResponse({"title": title, "detail": act.detail, "status": act.status}, act.status)


async def _chunks(size: int) -> Any:
    for _ in range(size // 65_536 + 1):
        yield b"x" * 65_536
