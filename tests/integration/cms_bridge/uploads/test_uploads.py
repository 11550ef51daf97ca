"""Uploads to a real bridge: what is taken, what is refused, and that nothing is left behind."""

import hashlib
import os
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support import media_files
from tests.support.bridge_process import API_KEY, Bridge, running_bridge

UPLOAD = "/api/v1/upload-asset"
MEBIBYTE = 1024 * 1024
TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "heic": "image/heic",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
}


def send(
    http: httpx.Client,
    data: bytes,
    *,
    project: str = "bakery",
    file_name: str = "x.bin",
    **fields: str,
) -> httpx.Response:
    # Named and declared as what it is not, since neither is asked.
    return http.post(
        UPLOAD,
        data={"projectId": project, **fields},
        files={"file": (file_name, data, "text/html")},
    )


def code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    return answer.status_code, answer.json()["code"]


def objects(bridge: Bridge) -> list[str]:
    root = bridge.log_file.parent / "objects"
    return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())


@pytest.mark.parametrize("extension", media_files.EVERY)
def test_each_kind_is_taken_by_its_content_and_served_as_it_came(
    http: httpx.Client, bridge: Bridge, media: dict[str, bytes], extension: str
) -> None:
    data = media[extension]
    answer = send(http, data, file_name="../../etc/Über uns\x07.html", project=f"p-{extension}")
    assert answer.status_code == 201, answer.text
    asset = answer.json()
    assert answer.headers["location"] == f"/api/v1/assets/{asset['id']}"
    assert (asset["mediaType"], asset["bytes"]) == (TYPES[extension], len(data))
    assert asset["sha256"] == hashlib.sha256(data).hexdigest()
    assert ".." not in asset["name"]
    assert "/" not in asset["name"]
    assert asset["seconds"] == pytest.approx(0 if asset["use"] == "picture" else 1, abs=0.1)
    for path in (f"/api/v1/assets/{asset['id']}", f"/api/v2/assets/{asset['id']}"):
        assert http.get(path).json()["sha256"] == asset["sha256"]
    # A link is its own permission.
    served = httpx.get(asset["url"])
    assert (served.status_code, served.content) == (200, data)
    assert served.headers["content-type"] == TYPES[extension]
    assert served.headers["x-content-type-options"] == "nosniff"
    assert httpx.get(asset["url"], headers={"Range": "bytes=0-1"}).content == data[:2]
    assert "attachment" in httpx.get(asset["downloadUrl"]).headers["content-disposition"]
    scope = hashlib.sha256(f"p-{extension}".encode()).hexdigest()[:32]
    assert f"uploads/{scope}/{asset['sha256']}.{extension}" in objects(bridge)


def test_the_same_content_is_one_asset_in_a_project_and_another_in_another(
    http: httpx.Client, media: dict[str, bytes]
) -> None:
    first = send(http, media["png"], project="one", name="First")
    again = send(http, media["png"], project="one", name="Second")
    other = send(http, media["png"], project="two")
    assert [one.status_code for one in (first, again, other)] == [201, 200, 201]
    assert again.json()["id"] == first.json()["id"] != other.json()["id"]
    assert again.json()["name"] == "First"


def test_a_list_has_pages_and_what_is_deleted_is_gone_with_its_bytes(
    http: httpx.Client, bridge: Bridge
) -> None:
    project = f"list-{uuid4().hex}"
    made = [
        send(http, media_files.picture("png", size=(8, 8 + number)), project=project).json()
        for number in range(5)
    ]
    found: list[Any] = []
    cursor: str | None = None
    while True:
        page = http.get(
            f"/api/v1/projects/{project}/assets",
            params={"limit": 2} | ({"cursor": cursor} if cursor else {}),
        ).json()
        assert len(page["assets"]) <= 2
        found += page["assets"]
        if (cursor := page["nextCursor"]) is None:
            break
    assert [one["id"] for one in found] == [one["id"] for one in reversed(made)]
    gone = made[2]
    assert http.delete(f"/api/v1/assets/{gone['id']}").status_code == 204
    assert httpx.get(gone["url"]).status_code == 404
    assert code(http.get(f"/api/v1/assets/{gone['id']}")) == (404, "medium_not_found")
    assert code(http.delete(f"/api/v1/assets/{gone['id']}")) == (404, "medium_not_found")
    assert not [one for one in objects(bridge) if gone["sha256"] in one]
    assert len(http.get(f"/api/v1/projects/{project}/assets").json()["assets"]) == 4
    # And may be sent again.
    data = media_files.picture("png", size=(8, 10))
    assert send(http, data, project=project).status_code == 201
    for bad in ("x", "AAAA", "a" * 300, "%00"):
        answer = http.get(f"/api/v1/projects/{project}/assets", params={"cursor": bad})
        assert answer.status_code == 400


def png_of(width: int, height: int) -> bytes:
    """A header that claims anything, and a byte of a picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    )


def lasting(data: bytes, seconds: int) -> bytes:
    """An MP4 that says it lasts so long: its `mvhd`, version 0."""
    at = data.index(b"mvhd") + 4
    scale = int.from_bytes(data[at + 12 : at + 16])
    claimed = min(seconds * scale, 2**32 - 2)
    return data[: at + 12] + (1).to_bytes(4) + claimed.to_bytes(4) + data[at + 20 :]


def referring(data: bytes) -> bytes:
    """An MP4 whose pictures lie elsewhere: the flag of `url ` says that they are not here."""
    at = data.index(b"url ") + 4
    return data[:at] + bytes(4) + data[at + 4 :]


ZIP = b"PK\x05\x06" + bytes(18)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def hostile(media: dict[str, bytes]) -> Iterator[tuple[str, bytes, str]]:
    png, jpg, mp4 = media["png"], media["jpg"], media["mp4"]
    yield "svg", SVG, "media_unknown"
    yield "html", b"<!doctype html><script>alert(1)</script>" * 9, "media_unknown"
    yield "php", b"<?php system($_GET['x']); ?>" * 9, "media_unknown"
    yield "elf", b"\x7fELF" + os.urandom(500), "media_unknown"
    yield "pdf", b"%PDF-1.7\n" + bytes(100), "media_unknown"
    yield "playlist", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "media_unknown"
    yield "empty", b"", "media_unknown"
    yield "40000 pixels square", png_of(40_000, 40_000), "media_too_large"
    yield "no pixels", png_of(0, 10), "media_damaged"
    yield "a thousand million seconds", lasting(mp4, 10**9), "media_too_large"
    yield "references elsewhere", referring(mp4), "media_refers_outside"
    for extension in (
        "png",
        "jpg",
        "gif",
        "webp",
        "avif",
        "heic",
        "mp4",
        "mov",
        "webm",
        "wav",
        "mp3",
    ):
        whole = media[extension]
        yield f"half a {extension}", whole[: len(whole) // 2], "media_damaged"
        yield f"{extension} but a byte", whole[:-1], "media_damaged"
        yield f"{extension} and HTML", whole + SVG, "media_damaged"
        yield f"{extension} and ZIP", whole + ZIP, "media_damaged"
    yield "a ZIP inside of a PNG's text", png[:-12] + _text(ZIP + b"x") + png[-12:], "media_damaged"
    yield "a script inside of a PNG's text", png[:33] + _text(SVG) + png[33:], "media_damaged"
    yield (
        "JPEG and a comment that runs",
        jpg[:2] + b"\xff\xfe\x00\x0a<script>" + jpg[2:],
        "media_damaged",
    )
    yield (
        "a PDF in a box",
        b"\x00\x00\x00\x20ftypisom%PDF-1.7" + bytes(12) + mp4[32:],
        "media_damaged",
    )


def _text(data: bytes) -> bytes:
    body = b"tEXt" + b"Comment\x00" + data
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def test_what_is_hostile_is_refused_by_name_and_nothing_of_it_kept(
    http: httpx.Client, bridge: Bridge, media: dict[str, bytes]
) -> None:
    before = objects(bridge)
    for what, data, expected in hostile(media):
        answer = send(http, data, project="hostile", file_name="picture.png")
        assert code(answer) == (422, expected), (what, answer.text)
    assert objects(bridge) == before
    assert code(http.get("/api/v1/projects/hostile/assets")) == (404, "project_not_found")


def form(*parts: bytes, boundary: bytes = b"b") -> bytes:
    return (
        b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
        + b"--"
        + boundary
        + b"--\r\n"
    )


def part(name: str, value: bytes, *, file: str = "") -> bytes:
    shown = f'; filename="{file}"' if file else ""
    return f'Content-Disposition: form-data; name="{name}"{shown}\r\n\r\n'.encode() + value


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "malformed_upload"),
        (b"nothing of a form", "malformed_upload"),
        (form(part("projectId", b"p")), "malformed_upload"),
        (form(part("file", b"x", file="a"), part("file", b"x", file="a")), "malformed_upload"),
        (form(part("projectId", b"p"), part("projectId", b"q")), "malformed_upload"),
        (form(part("projectId", b"p"), part("file", b"x", file="a"))[:-10], "malformed_upload"),
        (form(*[part(f"f{n}", b"x") for n in range(20)]), "malformed_upload"),
        (form(part("projectId", b"p" * 5_000)), "malformed_upload"),
        (form(part("projectId", b"\xff\xfe"), part("file", b"x", file="a")), "malformed_upload"),
        (form(b"X: " + b"y" * 9_000 + b"\r\n\r\nx"), "malformed_upload"),
        (form(part("file", b"x", file="a")), "bad_request"),
        (form(part("projectId", b"p\x00"), part("file", b"x", file="a")), "bad_request"),
        (form(part("projectId", b"p" * 129), part("file", b"x", file="a")), "bad_request"),
        (form(part("projectId", b"p"), part("nmae", b"x"), part("file", b"x")), "bad_request"),
    ],
)
def test_a_form_that_is_none_is_refused(http: httpx.Client, body: bytes, expected: str) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = http.post(UPLOAD, content=body, headers=headers)
    assert code(answer) == (400, expected), answer.text
    if b"nmae" in body or b"\x00" in body:
        (fault,) = answer.json()["errors"]
        assert fault["source"] == "body"


def test_what_is_no_form_is_told_what_is_expected(http: httpx.Client) -> None:
    answer = http.post(UPLOAD, json={"projectId": "p"})
    assert code(answer) == (415, "multipart_expected")


def test_what_is_too_large_is_refused_announced_or_not(http: httpx.Client, bridge: Bridge) -> None:
    def endless() -> Iterator[bytes]:
        yield b"--b\r\n" + part("projectId", b"p") + b"\r\n--b\r\n" + part("file", b"", file="a")
        for _ in range(60):
            yield bytes(MEBIBYTE)

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    try:
        answer = http.post(UPLOAD, content=endless(), headers=headers)
    except httpx.WriteError:
        pass  # answered and closed while it was still being sent
    else:
        assert code(answer) == (413, "body_too_large")
    with bridge.connect(head_of(51 * MEBIBYTE)) as connection:
        assert connection.recv(65_536).startswith(b"HTTP/1.1 413 ")
    assert list((bridge.log_file.parent / "arriving").iterdir()) == []


def test_memory_stays_flat_while_fifty_megabytes_arrive(http: httpx.Client, bridge: Bridge) -> None:
    """WAV, since its bytes may be anything: 49 MiB of it, three times and two at once."""

    def sound(seed: int) -> bytes:
        data = bytes([seed]) * (49 * MEBIBYTE)
        head = struct.pack("<4sIIHHIIHH", b"fmt ", 16, 0, 1, 1, 48_000, 96_000, 2, 16)
        head = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 48_000, 96_000, 2, 16)
        body = b"WAVE" + head + b"data" + struct.pack("<I", len(data)) + data
        return b"RIFF" + struct.pack("<I", len(body)) + body

    assert send(http, sound(1), project="large").status_code == 201  # whatever is loaded once
    before, peak, done = bridge.memory, 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, bridge.memory)
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    answers: list[httpx.Response] = []
    senders = [
        threading.Thread(
            target=lambda seed=seed: answers.append(send(http, sound(seed), project="large"))
        )
        for seed in (2, 3)
    ]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    done.set()
    watcher.join()
    assert [one.status_code for one in answers] == [201, 201]
    grown = (peak - before) / MEBIBYTE
    assert grown < 12, grown


def head_of(size: int) -> bytes:
    return (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {API_KEY}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {size}\r\n\r\n"
    ).encode()


def test_a_slow_line_has_the_time_its_pace_earns_and_one_that_trickles_has_not(
    tmp_path: Path, redis_server: str, migrated_sqlite: Path, media: dict[str, bytes]
) -> None:
    (tmp_path / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with running_bridge(
        tmp_path,
        redis=redis_server,
        database=f"sqlite:///{tmp_path}/bridge.db",
        http_body_seconds="2",
        upload_bytes_per_second="1000",
        rate_uploads_per_minute="0",
    ) as bridge:
        body = form(part("projectId", b"p"), part("file", media["png"], file="a"))
        head = head_of(len(body))
        for pace, expected in ((2_000, b"HTTP/1.1 201 "), (100, b"HTTP/1.1 408 ")):
            began = time.monotonic()
            with bridge.connect(head) as connection:
                connection.settimeout(0.5)
                said = b""
                for at in range(0, len(body), pace // 2):
                    try:
                        connection.sendall(body[at : at + pace // 2])
                        said = connection.recv(65_536)
                        break
                    except TimeoutError:
                        continue
                    except OSError:
                        break
                connection.settimeout(10)
                if not said:
                    said = connection.recv(65_536)
            assert said.startswith(expected), said
            assert time.monotonic() - began > 2
        # Without a key nobody earns any time.
        with bridge.connect(head.replace(API_KEY.encode(), b"wrong")) as connection:
            connection.settimeout(10)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 401 ")


def test_ten_a_minute_and_the_room_of_a_project_and_of_all_are_limits(
    tmp_path: Path, redis_url: str, migrated_sqlite: Path
) -> None:
    (tmp_path / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with (
        running_bridge(
            tmp_path,
            redis=redis_url,
            database=f"sqlite:///{tmp_path}/bridge.db",
            upload_project_bytes="2000",
            upload_total_bytes="3000",
        ) as bridge,
        httpx.Client(base_url=bridge.url, headers={"Authorization": f"Bearer {API_KEY}"}) as http,
    ):
        small, large = (media_files.picture("png", size=(8, side)) for side in (8, 200))
        assert send(http, small).status_code == 201
        assert code(send(http, large)) == (507, "upload_quota_reached")
        assert send(http, small).status_code == 200
        others = [media_files.picture("png", size=(8, side)) for side in (60, 61)]
        assert send(http, others[0], project="brewery").status_code == 201
        refused = send(http, others[1], project="dairy")
        assert code(refused) == (507, "upload_quota_reached")
        # How much the others keep is nobody's to see.
        assert refused.json()["params"] == {"limit": 3_000}
        for _ in range(5):
            send(http, small)
        answer = send(http, small)
        assert code(answer) == (429, "rate_limited")
        assert int(answer.headers["retry-after"]) >= 1
        assert http.get("/api/v1/projects/bakery/assets").status_code == 200
