"""A real S3 server for tests and the demo: OpenStack Swift, in an environment of its own.

It enforces signatures, expiry, part sizes and preconditions, as R2 does and the
usual stand-ins do not. Outside pytest, `python -m tests.support.servers.s3` starts one,
prints where it is and its keys as one line of JSON, and serves until SIGTERM;
`python -m tests.support.servers.s3 COMMAND…` runs a command with `REELWRIGHT_STORAGE=r2`
pointed at one, and stops it afterwards.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import boto3
from botocore.config import Config

from daemon.processes import tethered
from tests.support.certificates import Trust
from tests.support.environments import interpreter

_BUCKET = "reelwright"


class S3Server(NamedTuple):
    """Where a running server is, and a bucket on it that is empty at first."""

    endpoint_url: str
    bucket: str
    access_key_id: str
    secret_access_key: str
    ca_file: Path | None = None
    """Of the authority that vouches for it, if it is reached by https."""


@contextmanager
def s3_server(trust: Trust | None = None) -> Iterator[S3Server]:
    """Run a server with one bucket on a free loopback port; over https, if it is given trust."""
    python = interpreter("s3")
    access_key, secret_key = "reelwright:tests", secrets.token_hex(20)
    with tempfile.TemporaryDirectory(prefix="reelwright-s3-") as name:
        directory = Path(name)
        log = directory / "log"
        program = Path(__file__).with_name("swift_process.py")
        with log.open("wb") as errors:
            process = subprocess.Popen(
                tethered(
                    [f"{python}", f"{program}", name, access_key, secret_key]
                    + ([f"{trust.certificate}"] if trust else [])
                ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        try:
            assert process.stdout is not None
            port = process.stdout.readline().decode().strip()
            if not port:
                raise RuntimeError(f"The S3 server did not start: {log.read_text()[-2000:]}")
            server = S3Server(
                f"{'https' if trust else 'http'}://127.0.0.1:{port}",
                _BUCKET,
                access_key,
                secret_key,
                trust.authority if trust else None,
            )
            client(server).create_bucket(Bucket=server.bucket)
            yield server
        finally:
            process.terminate()
            process.communicate(timeout=10)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def environment(server: S3Server) -> dict[str, str]:
    """Return the settings that make the service keep its objects on this server."""
    trusted = {"REELWRIGHT_R2_CA_FILE": str(server.ca_file)} if server.ca_file else {}
    return trusted | {
        "REELWRIGHT_STORAGE": "r2",
        "REELWRIGHT_R2_ENDPOINT_URL": server.endpoint_url,
        "REELWRIGHT_R2_BUCKET": server.bucket,
        "REELWRIGHT_R2_ACCESS_KEY_ID": server.access_key_id,
        "REELWRIGHT_R2_SECRET_ACCESS_KEY": server.secret_access_key,
    }


_PLAIN = Config(
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    retries={"mode": "standard", "total_max_attempts": 1},
)


def client(server: S3Server, config: Config = _PLAIN):
    """Return a plain client, to look at the server from outside."""
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint_url,
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
        region_name="auto",
        verify=str(server.ca_file) if server.ca_file else None,
        config=config,
    )


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt), s3_server() as server:
        if command := sys.argv[1:]:
            sys.exit(
                subprocess.run(
                    command, env=os.environ | environment(server), check=False
                ).returncode
            )
        sys.stdout.write(json.dumps(server._asdict(), default=str) + "\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
