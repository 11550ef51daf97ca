"""Uploads to a bridge that keeps them on S3: the bytes come from there, by links that expire."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.support import media_files
from tests.support.bridge_process import API_KEY, Bridge, running_bridge
from tests.support.servers import s3

UPLOAD = "/api/v1/upload-asset"


@pytest.fixture(scope="module")
def bucket(s3_server: s3.S3Server) -> s3.S3Server:
    """One that is not there yet."""
    return s3_server._replace(bucket="uploads")


@pytest.fixture(scope="module")
def bridge(
    tmp_path_factory: pytest.TempPathFactory,
    redis_server: str,
    migrated_sqlite: Path,
    bucket: s3.S3Server,
) -> Iterator[Bridge]:
    directory = tmp_path_factory.mktemp("object-store")
    (directory / "bridge.db").write_bytes(migrated_sqlite.read_bytes())
    with running_bridge(
        directory,
        redis=redis_server,
        database=f"sqlite:///{directory}/bridge.db",
        rate_uploads_per_minute="0",
        **{
            name.removeprefix("REELWRIGHT_").lower(): value
            for name, value in s3.environment(bucket).items()
        },
    ) as bridge:
        yield bridge


def send(http: httpx.Client, data: bytes, *, project: str) -> httpx.Response:
    files = {"file": ("Été.png", data)}
    return http.post(UPLOAD, data={"projectId": project}, files=files)


def test_what_is_uploaded_lies_on_s3_and_is_fetched_from_there(
    http: httpx.Client, bridge: Bridge, bucket: s3.S3Server
) -> None:
    store = s3.client(bucket)
    small = media_files.picture("png")
    # The store is away: nothing is kept, and the same file may come again once it is back.
    away = send(http, small, project="bakery")
    assert (away.status_code, away.json()["code"]) == (503, "store_unavailable")
    assert http.get("/api/v1/projects/bakery/assets").json()["assets"] == []
    store.create_bucket(Bucket=bucket.bucket)

    # More than goes in one request is sent in parts.
    for data in (small, media_files.picture("png", size=(2_000, 1_500))):
        taken = send(http, data, project="bakery")
        assert taken.status_code == 201, taken.text
        digest = hashlib.sha256(data).hexdigest()
        asset = http.get(f"/api/v1/assets/{taken.json()['id']}").json()
        scope = hashlib.sha256(b"bakery").hexdigest()[:32]
        key = f"uploads/{scope}/{digest}.png"
        kept = store.get_object(Bucket=bucket.bucket, Key=key)
        assert (kept["ContentType"], kept["Body"].read()) == ("image/png", data)
        assert not (bridge.log_file.parent / "objects").exists()

        # A link is its own permission, of the store's and not of the bridge's.
        url, saved = asset["url"], asset["downloadUrl"]
        assert url.startswith(f"{bucket.endpoint_url}/{bucket.bucket}/{key}?")
        assert f"X-Amz-Expires={asset['expiresIn']}&" in url
        shown = httpx.get(url)
        assert (shown.status_code, shown.content) == (200, data)
        assert shown.headers["content-type"] == "image/png"
        assert httpx.get(url, headers={"Range": "bytes=0-1"}).content == data[:2]
        assert (
            "filename*=UTF-8''%C3%89t%C3%A9.png"
            in (httpx.get(saved).headers["content-disposition"])
        )
        # Nobody makes it last longer, lead elsewhere or do anything else.
        for bad in (
            url.replace(f"X-Amz-Expires={asset['expiresIn']}", "X-Amz-Expires=604800"),
            url.replace(digest, "0" * 64),
        ):
            assert httpx.get(bad).status_code == 403, bad
        assert httpx.get(url.partition("?")[0]).status_code == 400  # 403 of R2's
        assert httpx.delete(url).status_code == 403

        assert send(http, data, project="bakery").status_code == 200
        assert http.delete(f"/api/v1/assets/{asset['id']}").status_code == 204
        assert httpx.get(url).status_code == 404
        with pytest.raises(ClientError, match="404"):
            store.head_object(Bucket=bucket.bucket, Key=key)
    assert http.get("/api/v1/projects/bakery/assets").json()["assets"] == []
    assert API_KEY not in bridge.log
    assert bucket.secret_access_key not in bridge.log
