"""What R2 refuses and other S3 servers take, in front of one of them, over https.

Every request is passed on as it came, and so are signatures, expiry, ranges and parts judged by the
server behind. Refused in its place, in R2's words (its pages on limits, error codes and multipart
objects): bodies with a trailer or a chunked signature, bodies of unknown length, an upload whose
parts are of unequal size, and a second write of a key within a second.
"""

import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from io import BytesIO
from xml.etree import ElementTree as ET

import aiohttp
from aiohttp import web
from anyio.from_thread import start_blocking_portal
from yarl import URL

from tests.support.certificates import Trust
from tests.support.servers.s3 import S3Server

_SECONDS = 1.0
"""Between two writes of a key."""
_LIMIT = 64 * 1024 * 1024
_HOP_BY_HOP = {"connection", "expect", "keep-alive", "transfer-encoding"}


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class R2:
    """The rules, and what has come by."""

    def __init__(self, behind: S3Server) -> None:
        self.behind = behind
        self.port = 0
        self.refused: list[str] = []
        """The codes of what was refused here."""
        self.parts: list[int] = []
        """The number of each part that was sent, in this order."""
        self._written: dict[str, float] = {}
        self._sizes: dict[tuple[str, int], int] = {}

    async def listen(self, trust: Trust) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(trust.certificate)
        app = web.Application(client_max_size=_LIMIT)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._client = aiohttp.ClientSession(auto_decompress=False)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        await self._client.close()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        try:
            self._check(request, body)
        except _Refused as error:
            self.refused.append(error.code)
            return web.Response(
                status=error.status,
                content_type="application/xml",
                text=f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>",
            )
        return await self._pass_on(request, body)

    def _check(self, request: web.Request, body: bytes) -> None:
        headers = request.headers
        if (
            "x-amz-trailer" in headers
            or "aws-chunked" in headers.get("content-encoding", "")
            or headers.get("x-amz-content-sha256", "").startswith("STREAMING-")
        ):
            raise _Refused(
                HTTPStatus.NOT_IMPLEMENTED,
                "NotImplemented",
                "STREAMING-UNSIGNED-PAYLOAD-TRAILER not implemented",
            )
        if request.method == "PUT" and "content-length" not in headers:
            raise _Refused(
                HTTPStatus.LENGTH_REQUIRED, "MissingContentLength", "Content-Length is missing."
            )
        upload, number = request.query.get("uploadId"), request.query.get("partNumber")
        if request.method == "PUT" and upload and number:
            self.parts.append(int(number))
            self._sizes[upload, int(number)] = len(body)
            return
        if request.method == "POST" and upload:
            self._check_parts(upload, body)
        completes = request.method == "POST" and upload
        if request.path.count("/") > 1 and (
            completes or (request.method in {"PUT", "DELETE"} and not upload)
        ):
            self._check_pace(request.path)

    def _check_parts(self, upload: str, body: bytes) -> None:
        numbers = [
            int(one.text or "")
            for one in ET.fromstring(body).iter()  # noqa: S314 - a client's of these tests
            if re.fullmatch(r"(\{.*\})?PartNumber", one.tag)
        ]
        sizes = [self._sizes.get((upload, number)) for number in numbers]
        if len(set(sizes[:-1])) > 1 or (len(sizes) > 1 and (sizes[-1] or 0) > (sizes[0] or 0)):
            raise _Refused(
                HTTPStatus.BAD_REQUEST,
                "InvalidPart",
                "All non-trailing parts must have the same length.",
            )

    def _check_pace(self, path: str) -> None:
        now = time.monotonic()
        if now < self._written.get(path, -_SECONDS) + _SECONDS:
            raise _Refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                "TooManyRequests",
                "Reduce your concurrent request rate for the same object.",
            )
        self._written[path] = now

    async def _pass_on(self, request: web.Request, body: bytes) -> web.StreamResponse:
        url = URL(self.behind.endpoint_url + request.raw_path, encoded=True)
        headers = [
            (name, value)
            for name, value in request.headers.items()
            if name.lower() not in _HOP_BY_HOP
        ]
        async with self._client.request(
            request.method,
            url,
            headers=headers,
            data=BytesIO(body) if body else None,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
        ) as answer:
            response = web.StreamResponse(status=answer.status, reason=answer.reason)
            for name, value in answer.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    response.headers.add(name, value)
            await response.prepare(request)
            if request.method != "HEAD":
                async for chunk in answer.content.iter_chunked(65_536):
                    await response.write(chunk)
            await response.write_eof()
            return response


@contextmanager
def r2_rules(behind: S3Server, trust: Trust) -> Iterator[tuple[S3Server, R2]]:
    """Put R2's rules in front of a server; yield where they are reached, and the rules."""
    rules = R2(behind)
    with start_blocking_portal() as portal:
        portal.call(rules.listen, trust)
        try:
            url = f"https://127.0.0.1:{rules.port}"
            yield behind._replace(endpoint_url=url, ca_file=trust.authority), rules
        finally:
            portal.call(rules.close)
