"""A media library of Payload as seen over HTTP: whoever signs for a file is given it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

from standardwebhooks import Webhook, WebhookVerificationError

from tests.support import events


@dataclass
class Library:
    """Stands in for Payload: hands its files over to whoever signs for them."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    away: bool = False
    secret: str = events.SECRET
    elsewhere: str = ""
    replaced: set[str] = field(default_factory=set)
    """Documents that have another file by now."""

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        address = urlsplit(path)
        _, api, collection, kind, name = unquote(address.path).split("/")
        assert (api, kind) == ("cms", "file")
        self.asked.append(f"{collection}/{name}")
        if self.away:
            return 503, b""
        if self.elsewhere:
            return 302, b""
        try:
            Webhook(self.secret).verify(
                f"read {collection}/{name}".encode(), headers, json_parse=False
            )
        except WebhookVerificationError:
            return 403, b""
        if self.replaced.intersection(parse_qs(address.query)["document"]):
            return 409, b""
        return (200, self.files[name]) if name in self.files else (404, b"")


@contextmanager
def media_library() -> Iterator[Library]:
    library = Library()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = library.answer(self.path, headers)
            self.send_response(status)
            if library.elsewhere:
                self.send_header("Location", library.elsewhere)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        library.url = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield library
        server.shutdown()
