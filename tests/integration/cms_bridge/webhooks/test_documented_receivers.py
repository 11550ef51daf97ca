"""The receivers of `specs/webhooks.md`, run as they stand there."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
import pytest

from cms_bridge.webhooks.events import trial_message
from tests.support.bridge_process import free_port
from tests.support.webhooks import SECRETS

ROOT = Path(__file__).parents[4]
DOCUMENT = (ROOT / "specs/webhooks.md").read_text(encoding="utf-8")
NODE_MODULES = ROOT / "cms_bridge/payload_plugin/node_modules"
ONE = uuid4()
SECRET = SECRETS.reveal(ONE, SECRETS.version(1))


def snippet(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    return found


@contextmanager
def receiver(language: str, directory: Path) -> Iterator[tuple[str, Path]]:
    """Run a receiver; yield its address and what it prints."""
    port = free_port()
    if language == "python":
        command, file = [sys.executable], directory / "receiver.py"
    else:
        command, file = [str(shutil.which("node"))], directory / "receiver.mjs"
        (directory / "node_modules").symlink_to(NODE_MODULES)
    file.write_text(snippet(language), encoding="utf-8")
    printed = directory / "printed"
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [*command, file],
            env={"PORT": str(port), "WEBHOOK_SECRET": SECRET, "PATH": "/usr/bin:/bin"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(httpx.HTTPError):
                httpx.post(url, content=b"{}")
                break
            time.sleep(0.05)
        yield url, printed
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("language", ["python", "js"])
def test_a_documented_receiver_verifies_once_and_refuses_the_rest(
    language: str, tmp_path: Path
) -> None:
    if language == "js" and not (shutil.which("node") and NODE_MODULES.is_dir()):
        pytest.skip("Node and the plugin's packages are not installed: make node")
    body = msgspec.json.encode(trial_message("Bäckerei", ONE)).decode()
    now = datetime.now(UTC)
    # While a secret is rotated, messages bear the signatures of both.
    versions = [SECRETS.version(2), SECRETS.version(1)]
    headers = SECRETS.headers(ONE, versions, message="evt_1", body=body, at=now)
    forged = SECRETS.headers(uuid4(), versions, message="evt_2", body=body, at=now)
    with receiver(language, tmp_path) as (url, printed):
        said = [
            httpx.post(url, content=content.encode(), headers=sent).status_code
            for content, sent in (
                (body, headers),
                (body, headers),
                (body + " ", headers),
                (body, forged),
                (body, {}),
                (body, headers | {"webhook-signature": "garbage"}),
            )
        ]
        assert said == [204, 204, 401, 401, 401, 401], printed.read_text()
        assert printed.read_text().count("webhook.test") == 1
