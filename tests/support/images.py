"""Container images, built by buildah and run by Linux's own means: there is no engine here.

A registry is asked for the base first. Where none is reached, Debian's packages make it.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.tools import find

ROOT = Path(__file__).parents[2]
CONTAINERS = ROOT / "deploy" / "containers"
BASE = "docker.io/library/debian:bookworm-slim"
_STORE = ROOT / ".cache" / "images"
_OF_THE_HOUSE = ("/etc/ssl/certs", "/etc/pip.conf")
"""What tells pip of an index, or a proxy's certificate, of this machine: lent, never copied."""

_ISOLATED = """
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$data" "$root/data"
exec chroot "$root" /usr/bin/setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs \
    --bounding-set=-all /usr/bin/env -i "${variables[@]}" sh -c 'cd "$0" && exec "$@"' "$work" "$@"
"""
"""A process under the image's user, with no capabilities, a root that nobody can write to, and
processes and mounts of its own."""


def find_buildah() -> str:
    if os.geteuid():
        pytest.skip("Only root mounts an image.")
    return find("buildah", "buildah")


def buildah(*arguments: str | Path, check: bool = True) -> str:
    store = ["--root", _STORE / "store", "--runroot", _STORE / "run", "--storage-driver", "overlay"]
    command = [find_buildah(), *map(str, (*store, *arguments))]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not check or told.returncode == 0, told.stdout[-4_000:] + told.stderr[-4_000:]
    return told.stdout.strip() if told.returncode == 0 else ""


def _have_base() -> None:
    if buildah("images", "--quiet", BASE, check=False) or buildah("pull", BASE, check=False):
        return
    _STORE.mkdir(parents=True, exist_ok=True)
    archive = _STORE / "base.tar"
    made = ["mmdebstrap", "--variant=minbase", "--include=ca-certificates", "bookworm"]
    subprocess.run([*made, str(archive)], check=True, capture_output=True)
    container = buildah("from", "scratch")
    buildah("add", container, archive, "/")
    buildah("commit", "--rm", container, BASE)
    archive.unlink()


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image, laid out in a directory."""

    root: Path
    config: Mapping[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        return dict(one.split("=", 1) for one in self.config["Env"])

    def bytes_of(self, folder: str) -> int:
        """Return the size of all files below a folder, by what they hold."""
        files = (self.root / folder).rglob("*")
        return sum(one.lstat().st_size for one in files if one.is_symlink() or one.is_file())

    def command(self, *program: str, data: Path, **environment: str) -> list[str]:
        """Return the command that runs a program in it.

        `data` becomes its volume, and belongs to its user from then on.
        """
        user = self.config["User"].partition(":")[0]
        shutil.chown(data, int(user), int(user))
        variables = [f"{k}={v}" for k, v in (self.environment | environment).items()]
        given = {"root": self.root, "data": data, "user": user, "work": self.config["WorkingDir"]}
        assigned = "".join(f"{name}='{value}'\n" for name, value in given.items())
        named = f'variables=("${{@:1:{len(variables)}}}")\nshift {len(variables)}\n'
        isolated = f"set -e\n{assigned}{named}{_ISOLATED}"
        unshared = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return [*unshared, "bash", "-c", isolated, "image", *variables, *program]


def tell(process: subprocess.Popen[Any], number: signal.Signals) -> None:
    """Send a signal to an image's program itself, as an engine does to the first of a container."""
    sent = ["pkill", f"-{number.value}", "-P", str(process.pid)]
    subprocess.run(sent, check=True)


@contextmanager
def built(target: str) -> Iterator[Image]:
    """Build a target of the container file, as its head says; yield what came of it."""
    _have_base()
    name = f"localhost/reelwright-{target}"
    lent = [f"--volume={one}:{one}:ro" for one in _OF_THE_HOUSE if Path(one).exists()]
    how = ["--isolation", "chroot", "--network", "host", "--format", "docker", "--layers"]
    where = ["--file", CONTAINERS / "Containerfile", "--target", target, "--tag", name, "."]
    buildah("build", *how, *lent, *where)
    config = json.loads(buildah("inspect", "--type", "image", name))["Docker"]["config"]
    container = buildah("from", "--pull-never", name)
    try:
        yield Image(root=Path(buildah("mount", container)), config=config)
    finally:
        buildah("rm", container)
