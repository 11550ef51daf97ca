"""A trial: the engine over one damaged folder, in a process of its own, within bounds.

The process is forked from one that has the engine in memory, which is what a run costs most
of. Whatever it does, the engine owes the same: an end in time, with a whole film or with one
line that says what is wrong and where; no signal, no traceback; every input as it was, the
film that was there before unless there is a new one, and nothing left behind.
"""

import hashlib
import json
import os
import re
import resource
import signal
import sys
import time
from pathlib import Path
from typing import NamedTuple

from render.__main__ import main
from render.containers.recognition import recognise
from render.errors import ContainerError
from tests.fuzz.seeds import Seed

SECONDS = 60
MOST_SPACE = 8 * 1024**3
"""Bytes of address space; what is mapped and not used counts."""
MOST_MEMORY = 2 * 1024**3
"""Bytes that are really used."""
EARLIER = b"a film of yesterday"
_TRACE = re.compile(rb"Traceback|Segmentation|Assertion|Fatal Python")


class Outcome(NamedTuple):
    """How a trial ended."""

    faults: tuple[str, ...]
    """What the engine owed and did not do."""
    words: str
    """The one line of the error; empty for a film."""
    seconds: float
    memory: int


def attempt(seed: Seed, folder: Path, *, as_json: bool) -> Outcome:
    """Run a seed's command in a folder that is damaged already."""
    out = folder / "out.mp4"
    if "out.mp4" in seed.command:
        out.write_bytes(EARLIER)
    before = _content(folder)
    command = [*seed.command, *(["--json"] if as_json else [])]
    status, seconds, memory, said, heard = _run(command, folder)
    after = _content(folder)
    faults: list[str] = []
    if status is None:
        faults.append(f"it had not ended after {SECONDS} s")
    elif status not in {0, 1, 2}:
        faults.append(f"it ended with {status}")
    if memory > MOST_MEMORY:
        faults.append(f"it took {memory >> 20} MiB")
    if found := _TRACE.search(said + heard):
        faults.append(f"it wrote {found[0].decode()}")
    words, wrong = _words(seed, status, said, heard, as_json=as_json)
    faults += wrong
    faults += _losses(seed, status, before, after)
    return Outcome(tuple(faults), words, seconds, memory)


def _words(
    seed: Seed, status: int | None, said: bytes, heard: bytes, *, as_json: bool
) -> tuple[str, list[str]]:
    """Return the error's sentence, and what is wrong with how it is told."""
    if status not in {1, 2}:
        return "", [
            "it wrote on standard error"
        ] if heard.strip() and status == 0 and as_json else []
    if seed.command[0] == "probe" and not heard.strip() and b'"message"' not in said[:200]:
        # What it found is its report, not an error.
        return "the film has faults", []
    if not as_json:
        lines = heard.decode(errors="replace").strip().splitlines()
        wrong = [] if len(lines) == 1 else [f"it wrote {len(lines)} lines on standard error"]
        return (lines or [""])[-1], wrong
    try:
        lines = [json.loads(line) for line in said.splitlines()]
    except ValueError:
        return "", ["what it wrote is no JSON"]
    errors = [line for line in lines if "code" in line and "message" in line]
    if len(errors) != 1 or lines[-1] != errors[0]:
        return "", [f"it told {len(errors)} errors"]
    error = errors[0]
    wrong = []
    if error["code"] == "engine_fault":
        wrong.append("it called that its own fault")
    if not error["message"].startswith(seed.says):
        wrong.append("it did not say where")
    if seed.says.startswith("Scene") and error.get("params", {}).get("scene") not in {"2", 2}:
        wrong.append("it did not name the scene")
    if heard.strip():
        wrong.append("it wrote on standard error")
    return error["message"], wrong


def _losses(
    seed: Seed, status: int | None, before: dict[str, str], after: dict[str, str]
) -> list[str]:
    faults: list[str] = []
    for name, digest in before.items():
        ours = name.startswith("cache/") or (name == "out.mp4" and status == 0)
        if not ours and after.get(name) != digest:
            faults.append(f"it {'changed' if name in after else 'lost'} {name}")
    ordered = {"words.vtt"} if status == 0 else set[str]()
    left = [name for name in set(after) - set(before) - ordered if not name.startswith("cache/")]
    if left:
        faults.append(f"it left {', '.join(left)}")
    if status == 0 and "out.mp4" in seed.command and after["out.mp4"] == before["out.mp4"]:
        faults.append("it made no film")
    return faults


def _content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _run(command: list[str], folder: Path) -> tuple[int | None, float, int, bytes, bytes]:
    """Fork, and return status, seconds, bytes, and what was written; None for no end in time."""
    written = [folder.with_suffix(end) for end in (".out", ".err")]
    started = time.monotonic()
    child = os.fork()
    if not child:
        _become(command, folder, written)
    status = None
    while time.monotonic() < started + SECONDS:
        ended, code, used = os.wait4(child, os.WNOHANG)
        if ended:
            status = os.waitstatus_to_exitcode(code)
            break
        time.sleep(0.005)
    else:
        os.killpg(child, signal.SIGKILL)
        _, _, used = os.wait4(child, 0)
    said, heard = (path.read_bytes() for path in written)
    return status, time.monotonic() - started, used.ru_maxrss * 1024, said, heard


def _become(command: list[str], folder: Path, written: list[Path]) -> None:
    code = 99
    try:
        os.setsid()
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, path in enumerate(written, 1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_SPACE, MOST_SPACE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # One line is one line, however wide.
        os.environ["COLUMNS"] = "1000"
        code = _recognised(folder / command[1]) if command[0] == "recognise" else _rendered(command)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001  it is a finding, and told by the parent
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _rendered(command: list[str]) -> int:
    sys.argv = ["render", *command]
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    return 0


def _recognised(path: Path) -> int:
    """What an upload goes through, which reads a stranger's file by its structure alone."""
    try:
        with path.open("rb") as file:
            recognise(file)
    except ContainerError as error:
        # As the command's.
        sys.stdout.write(json.dumps({"code": error.code, "message": error.message}) + "\n")
        return 1
    return 0
