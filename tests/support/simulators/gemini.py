"""Gemini as seen over HTTP: generateContent and models, with scripted faults, counting charges.

Each call takes the next act of the script, or makes what was asked for when
the script has run out. A call is charged when it makes something, even where
the answer then never arrives.
"""

import asyncio
import base64
import itertools
import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.simulators import media
from tests.support.simulators.serving import hang_up

SIZES = {
    "2K": {"16:9": (2752, 1536), "9:16": (1536, 2752), "1:1": (2048, 2048)},
    "1K": {"16:9": (1376, 768), "9:16": (768, 1376), "1:1": (1024, 1024)},
}
TOKENS_PER_PICTURE_IN = 1120
IMAGE_TOKENS = {"gemini-3-pro-image": 1120, "gemini-2.5-flash-image": 1290}
RETIRED = {"gemini-pro", "gemini-2.5-flash-image"}
KEY = "a-key"
_NUMBERS = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Refuse:
    """Answer with a status of 400 or more, in Google's words."""

    status: int
    code: str = "UNKNOWN"
    message: str = "No."
    retry_after: str | None = None
    retry_delay: str | None = None


@dataclass(frozen=True, kw_only=True)
class Block:
    """Make nothing for safety's sake: the prompt itself, or what came of it."""

    reason: str
    prompt: bool = False
    usage: bool = True
    """Whether the answer tells what was used."""
    thoughts: int = 0


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Charge, and let a proxy answer in one's place."""

    status: int = 502
    body: str = "<html><h1>502 Server Error</h1></html>"
    media_type: str = "text/html"


@dataclass(frozen=True, kw_only=True)
class Raw:
    """Charge, and answer 200 with these bytes."""

    body: bytes
    encoding: str | None = None


@dataclass(frozen=True, kw_only=True)
class HangUp:
    """Break the connection off, after charging."""


@dataclass(frozen=True, kw_only=True)
class Hang:
    """Charge, and answer only after so many seconds."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Oversize:
    """Charge, and answer with so many bytes of JSON."""

    size: int


@dataclass(frozen=True, kw_only=True)
class Say:
    """Charge, and answer with this text in place of what was asked for."""

    text: str
    usage: bool = True


@dataclass(frozen=True, kw_only=True)
class Named:
    """Charge, and name a file in place of sending it."""

    uri: str


@dataclass(frozen=True, kw_only=True)
class Made:
    """Charge, and answer with this medium in place of what was asked for."""

    data: bytes
    mime: str
    tokens: int = 100


@dataclass(frozen=True, kw_only=True)
class Clip:
    """Begin an interaction, and end it after some looks in one of the ways that they end."""

    looks: int = 0
    """At it, before it has ended."""
    status: str = "completed"
    delivery: str = ""
    """As asked for, or else `inline`, `files/{}`, or another address of that file."""
    data: bytes | None = None
    """In place of a clip of the first picture, or of music."""
    seconds: float | None = None
    """In place of those asked for."""
    empty: bool = False
    told: dict[str, Any] = field(default_factory=dict)
    """Said beside, in fields that the SDK does not know."""
    error: str = ""
    usage: bool = True
    tokens: int | None = None
    """Told as used, in place of what was made."""
    charged: bool = True
    processing: int = 0
    """Looks at its file before that is active."""
    download: int = 200
    lost: bool = False
    """Break the connection off where its id would be told."""


Act = Clip | Refuse | Block | Gateway | Raw | HangUp | Hang | Oversize | Say | Named | Made


@dataclass
class GeminiSimulator:
    """The state of the simulated service; tests write the script and read the counts."""

    url: str = ""
    script: deque[Act] = field(default_factory=deque)
    begins: deque[Act] = field(default_factory=deque)
    """The script of what is begun in the background, which has one of its own."""
    looks: deque[Gateway] = field(default_factory=deque)
    """What is answered in place of a model's description."""
    charges: list[str] = field(default_factory=list)
    """The model of every charged call."""
    calls: list[dict[str, Any]] = field(default_factory=list)
    """The body of every generateContent that arrived, with its `model`."""
    interactions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was begun, with its `act`, its `body` and how often it was looked at."""
    downloaded: int = 0
    """Files that were handed out."""
    draw: Callable[[str, int, int], bytes] | None = None
    """Makes the picture of a prompt, so many pixels wide and high."""
    latency: float = 0
    at_once: int = 0
    most_at_once: int = 0
    resets: int = 0

    def reset(self) -> None:
        # A call whose caller has gone away may hang on: it is none of the next test's.
        self.resets += 1
        self.at_once = 0
        self.script.clear()
        self.begins.clear()
        self.looks.clear()
        self.charges.clear()
        self.calls.clear()
        self.interactions.clear()
        self.downloaded = 0
        self.draw = None
        self.latency = 0
        self.most_at_once = 0

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/{version}/interactions", self._begin, methods=["POST"]),
                Route("/{version}/interactions/{id}", self._look, methods=["GET"]),
                Route("/{version}/files/{name}:download", self._download, methods=["GET"]),
                Route("/{version}/files/{name}", self._file, methods=["GET"]),
                Route("/{version}/models/{call:path}", self._generate, methods=["POST"]),
                Route("/{version}/models/{model:path}", self._model, methods=["GET"]),
            ]
        )

    async def _model(self, request: Request) -> Response:
        model = request.path_params["model"]
        if self.looks:
            act = self.looks.popleft()
            return Response(act.body, act.status, media_type=act.media_type)
        if model in RETIRED:
            return _refusal(Refuse(status=404, code="NOT_FOUND"))
        return JSONResponse({"name": f"models/{model}", "displayName": model})

    async def _begin(self, request: Request) -> Response:
        body = json.loads(await request.body())
        self.calls.append(body)
        if request.headers.get("x-goog-api-key") != KEY:
            return _refusal(Refuse(status=400, code="INVALID_ARGUMENT"), reason="API_KEY_INVALID")
        act = self.begins.popleft() if self.begins else Clip()
        match act:
            case Refuse():
                return _refusal(act)
            case Gateway():
                self.charges.append(body["model"])
                return Response(act.body, act.status, media_type=act.media_type)
            case Clip():
                pass
            case _:
                raise AssertionError(act)
        name = f"v1_{next(_NUMBERS)}"
        self.interactions[name] = {"act": act, "body": body, "looks": 0, "file_looks": 0}
        if act.charged:
            self.charges.append(body["model"])
        if act.lost:
            hang_up(request)
        return JSONResponse({"id": name, "status": "in_progress", "labels": body.get("labels")})

    async def _look(self, request: Request) -> Response:
        begun = self.interactions.get(request.path_params["id"])
        if begun is None:
            return _refusal(Refuse(status=404, code="NOT_FOUND"))
        if request.headers.get("x-goog-api-key") != KEY:
            return _refusal(Refuse(status=400, code="INVALID_ARGUMENT"), reason="API_KEY_INVALID")
        begun["looks"] += 1
        return JSONResponse(self._interaction(request.path_params["id"], begun))

    def _interaction(self, name: str, begun: dict[str, Any]) -> dict[str, Any]:
        act: Clip = begun["act"]
        if begun["looks"] <= act.looks:
            return {"id": name, "status": "in_progress"}
        told: dict[str, Any] = {"id": name, "status": act.status, **act.told}
        if act.error:
            told["errors"] = [{"code": "x", "message": act.error}]
        kind, mime = ("audio", "audio/mp3") if _is_music(begun) else ("video", "video/mp4")
        tokens = 0 if act.empty else round(5792 * self.clip_seconds(begun))
        if act.usage:
            tokens = act.tokens if act.tokens is not None else tokens
            modality = [{"modality": kind, "tokens": tokens}]
            told["usage"] = {"output_tokens_by_modality": modality, "total_input_tokens": 300}
        if not act.empty:
            medium = {"type": kind, "mime_type": mime}
            delivery = act.delivery or _asked_delivery(begun)
            if delivery == "inline":
                medium["data"] = _base64(self.clip(begun))
            else:
                medium["uri"] = delivery.format(name.replace("_", "-"))
            told["steps"] = [{"type": "model_output", "content": [medium]}]
        return told

    def clip_seconds(self, begun: dict[str, Any]) -> float:
        if _is_music(begun):
            (content,) = (one["content"] for one in begun["body"]["input"])
            asked = re.search(r"lasts (\d+) seconds", content[0]["text"])
            assert asked
            return begun["act"].seconds or float(asked[1])
        asked = float(begun["body"]["response_format"]["duration"].removesuffix("s"))
        return begun["act"].seconds or asked

    def clip(self, begun: dict[str, Any]) -> bytes:
        if begun["act"].data is not None:
            return begun["act"].data
        if _is_music(begun):
            return media.music(self.clip_seconds(begun))
        (content,) = (one["content"] for one in begun["body"]["input"])
        first = base64.b64decode(content[0]["data"])
        return media.clip(first, self.clip_seconds(begun), sound=0.25)

    async def _file(self, request: Request) -> Response:
        begun = self.interactions[request.path_params["name"].replace("-", "_")]
        begun["file_looks"] += 1
        state = "PROCESSING" if begun["file_looks"] <= begun["act"].processing else "ACTIVE"
        name = f"files/{request.path_params['name']}"
        uri = f"https://example.invalid/v1beta/{name}"
        return JSONResponse({"name": name, "state": state, "uri": uri, "mimeType": "video/mp4"})

    async def _download(self, request: Request) -> Response:
        begun = self.interactions[request.path_params["name"].replace("-", "_")]
        if begun["act"].download != 200 or request.headers.get("x-goog-api-key") != KEY:
            return _refusal(Refuse(status=403, code="PERMISSION_DENIED"))
        self.downloaded += 1
        return Response(self.clip(begun), media_type="video/mp4")

    async def _generate(self, request: Request) -> Response:
        model, _, verb = request.path_params["call"].partition(":")
        body = json.loads(await request.body())
        self.calls.append({"model": model, **body})
        if verb != "generateContent":
            return _refusal(Refuse(status=404, code="NOT_FOUND"))
        if request.headers.get("x-goog-api-key") != KEY:
            return _refusal(Refuse(status=400, code="INVALID_ARGUMENT"), reason="API_KEY_INVALID")
        if model in RETIRED:
            return _refusal(Refuse(status=404, code="NOT_FOUND"))
        self.at_once, since = self.at_once + 1, self.resets
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            return await self._act(request, model, body)
        finally:
            if since == self.resets:
                self.at_once -= 1

    async def _act(  # noqa: C901, PLR0911 - one for each act
        self, request: Request, model: str, body: dict[str, Any]
    ) -> Response:
        act = self.script.popleft() if self.script else None
        if isinstance(act, Refuse):
            return _refusal(act)
        if isinstance(act, Block):
            return JSONResponse(_blocked(act))
        self.charges.append(model)
        match act:
            case Gateway():
                return Response(act.body, act.status, media_type=act.media_type)
            case HangUp():
                hang_up(request)
            case Raw():
                encoding = {"Content-Encoding": act.encoding} if act.encoding else None
                return Response(act.body, headers=encoding, media_type="application/json")
            case Oversize():
                return StreamingResponse(_chunks(act.size), media_type="application/json")
            case Hang():
                await asyncio.sleep(act.seconds)
            case Say():
                answer = _answer(model, [{"text": act.text}], "TEXT", 500)
                if not act.usage:
                    del answer["usageMetadata"]
                return JSONResponse(answer)
            case Named():
                part = {"fileData": {"mimeType": "image/png", "fileUri": act.uri}}
                return JSONResponse(_answer(model, [part], "IMAGE", 100))
            case Made():
                part = {"inlineData": {"mimeType": act.mime, "data": _base64(act.data)}}
                return JSONResponse(_answer(model, [part], "IMAGE", act.tokens))
            case _:
                pass
        return _made(model, body, self.draw or _any_picture)


def shown_in(call: dict[str, Any]) -> tuple[str, list[bytes]]:
    """Return the words of a call, and the pictures that came before them."""
    *pictures, words = call["contents"][0]["parts"]
    data = [part["inlineData"]["data"] for part in pictures]
    # The SDK writes what is nested in snake case, which the service reads as well.
    assert {part["inlineData"]["mime_type"] for part in pictures} <= {"image/jpeg"}
    return words["text"], [base64.urlsafe_b64decode(one) for one in data]


def _is_music(begun: dict[str, Any]) -> bool:
    return begun["body"]["model"].startswith("lyria")


def _asked_delivery(begun: dict[str, Any]) -> str:
    asked = begun["body"].get("response_format", {}).get("delivery")
    return "https://example.invalid/v1beta/files/{}" if asked == "uri" else "inline"


def _any_picture(_: str, width: int, height: int) -> bytes:
    return media.picture(width, height)


def _made(model: str, body: dict[str, Any], draw: Callable[[str, int, int], bytes]) -> Response:
    config = body.get("generationConfig", {})
    parts = body["contents"][0]["parts"]
    prompt = "".join(part.get("text", "") for part in parts)
    shown = sum("inlineData" in part for part in parts)
    modalities = config.get("responseModalities", ["TEXT"])
    if modalities == ["IMAGE"]:
        image = config.get("imageConfig", {})
        size = image.get("imageSize", "1K")
        if size not in SIZES:
            return _refusal(Refuse(status=400, code="INVALID_ARGUMENT"))
        data = draw(prompt, *SIZES[size][image["aspectRatio"]])
        part = {"inlineData": {"mimeType": "image/jpeg", "data": _base64(data)}}
        tokens = IMAGE_TOKENS.get(model, {"1K": 1120, "2K": 1680}[size])
        return JSONResponse(_answer(model, [part], "IMAGE", tokens, prompt, shown=shown))
    if modalities == ["AUDIO"]:
        pcm = media.speech(prompt, 24_000)
        mime = "audio/L16;codec=pcm;rate=24000"
        part = {"inlineData": {"mimeType": mime, "data": _base64(pcm)}}
        return JSONResponse(_answer(model, [part], "AUDIO", len(pcm) * 25 // 48_000, prompt))
    schema = config["responseJsonSchema"]
    text = json.dumps(media.instance(schema))
    return JSONResponse(_answer(model, [{"text": text}], "TEXT", len(text) // 3, prompt))


def _answer(
    model: str,
    parts: list[dict[str, Any]],
    kind: str,
    tokens: int,
    prompt: str = "",
    *,
    shown: int = 0,
) -> dict[str, Any]:
    asked = len(prompt.encode()) // 4 + 1 + shown * TOKENS_PER_PICTURE_IN
    return {
        "candidates": [
            {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
        ],
        "usageMetadata": {
            "promptTokenCount": asked,
            "candidatesTokenCount": tokens,
            "totalTokenCount": asked + tokens,
            "candidatesTokensDetails": [{"modality": kind, "tokenCount": tokens}],
        },
        "modelVersion": model,
    }


def _blocked(act: Block) -> dict[str, Any]:
    used = {"promptTokenCount": 12, "totalTokenCount": 12 + act.thoughts}
    usage = {"usageMetadata": used} if act.usage else {}
    if act.thoughts:
        used |= {"thoughtsTokenCount": act.thoughts, "candidatesTokenCount": 0}
    if act.prompt:
        return {"promptFeedback": {"blockReason": act.reason}, **usage}
    return {"candidates": [{"finishReason": act.reason, "index": 0}], **usage}


def _refusal(act: Refuse, reason: str | None = None) -> Response:
    details: list[dict[str, Any]] = []
    if act.retry_delay:
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        details.append({"@type": kind, "retryDelay": act.retry_delay})
    if reason:
        details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason})
    error = {"code": act.status, "message": act.message, "status": act.code, "details": details}
    headers = {"Retry-After": act.retry_after} if act.retry_after else None
    return JSONResponse({"error": error}, act.status, headers)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def _chunks(size: int) -> Any:
    yield b'{"candidates": "'
    for _ in range(size // 65_536 + 1):
        yield b"x" * 65_536
    yield b'"}'
