"""The steps of a run, in the order in which a first day in production has them."""

import hashlib
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from daemon.local.redis import find_redis_server
from tests.smoke.backups import reelwright
from tests.smoke.journal import Journal
from tests.smoke.pages import look
from tests.smoke.programs import Programs
from tests.smoke.watch import watching
from tests.support.bridge_process import end, free_port
from tests.support.images import ROOT
from tests.support.servers.postgres import PostgresServer, postgres_server

_ALERT = "NoDaemonAtWork"
_PATIENCE = 300
"""Seconds for anything; an alert waits for two minutes by itself."""


@dataclass(frozen=True, kw_only=True)
class House:
    """A running set, and what it takes to ask it."""

    programs: Programs
    journal: Journal
    data: Path
    variables: dict[str, str]
    bridge: str
    daemon: str
    """Where it tells its metrics, as `host:port`; likewise the bridge."""
    key: str
    """Of all projects, for everything."""

    def get(self, path: str) -> httpx.Response:
        """Ask the bridge."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.get(f"http://{self.bridge}{path}", headers=headers, timeout=30)

    def answers(self, address: str) -> bool:
        """Tell whether somebody answers there, and well."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"http://{address}", timeout=10).is_success
        return False

    @contextmanager
    def daemon_running(self, log: Path) -> Iterator[subprocess.Popen[Any]]:
        """Run a daemon, which is ready in the block."""
        with (
            log.open("wb") as file,
            self.programs.running(
                "daemon", "work", data=self.data, variables=self.variables, log=file
            ) as process,
        ):
            self.journal.wait(
                "The daemon is ready",
                lambda: self.answers(f"{self.daemon}/metrics"),
                seconds=_PATIENCE,
            )
            yield process


def go_through(programs: Programs, journal: Journal, place: Path, *, pictures: Path) -> None:
    """Take every step; raise what is not as it should be."""
    journal.step("PostgreSQL, Valkey, settings, bridge")
    with (
        postgres_server(durable=True) as server,
        server.database() as url,
        _valkey(place / "valkey.log") as valkey,
        _bridge(programs, journal, place, url=url, valkey=valkey) as house,
        ExitStack() as stack,
    ):
        _first_day(house, stack, server, url, pictures)
    journal.step("Done: everything ended in good order")


def _first_day(
    house: House, stack: ExitStack, server: PostgresServer, url: str, pictures: Path
) -> None:
    place, journal = house.data.parent, house.journal
    journal.step("Prometheus and Alertmanager, by the files that are shipped")
    watch = stack.enter_context(
        watching(place / "watch", bridge=house.bridge, daemon=house.daemon, key=house.key)
    )
    with house.daemon_running(place / "daemon-1.log") as daemon:
        doctor = house.programs.run("daemon", "doctor", data=house.data, variables=house.variables)
        journal.say(f"reelwright doctor finds nothing broken in {len(doctor.splitlines())} lines")
        up = {"reelwright-bridge": "up", "reelwright-daemon": "up"}
        journal.wait("Prometheus is told by both", lambda: watch.targets() == up, seconds=60)
        assert watch.firing() == set(), watch.firing()

        journal.step("A film, and its daemon is killed")
        film = stack.enter_context(_submitted(house))
        journal.wait("It is being encoded", lambda: "composing" in film.read(), seconds=_PATIENCE)
        house.programs.kill(daemon)
        journal.say("The daemon is killed with SIGKILL")

    journal.step("Somebody is paged, and looks at the ops page")
    journal.wait(f"Prometheus fires {_ALERT}", lambda: _ALERT in watch.firing(), seconds=_PATIENCE)
    journal.wait("PagerDuty is told to wake somebody", lambda: watch.paged(_ALERT), seconds=60)
    journal.wait("Slack is told as well", lambda: watch.posted(_ALERT), seconds=60)
    assert (watch.paged(_ALERT), watch.posted(_ALERT)) == (["trigger"], ["danger"])
    page = f"http://{house.bridge}/ops"
    said = look(page, house.key, pictures / "ops-stuck", until="1 job is stuck")
    assert "No daemon is there to take it." in said, said
    journal.say("The ops page: 1 job is stuck. No daemon is there to take it.")

    journal.step("Another daemon, and the alert clears")
    with house.daemon_running(place / "daemon-2.log"):
        journal.wait(
            f"{_ALERT} fires no more", lambda: _ALERT not in watch.firing(), seconds=_PATIENCE
        )
        journal.wait(
            "PagerDuty and Slack are told that it is over",
            lambda: (watch.paged(_ALERT)[1:], watch.posted(_ALERT)[1:]) == (["resolve"], ["good"]),
            seconds=_PATIENCE,
        )
        digest = _finished(film, house)
        look(page, house.key, pictures / "ops-well", until="Nothing is stuck")
        journal.say("The ops page: nothing is stuck")
        _film_elsewhere(house, server, url, film.job, digest)


@dataclass(frozen=True, kw_only=True)
class Film:
    """What `reelwright submit` says of a film on its way."""

    said: Path
    process: subprocess.Popen[Any]

    def read(self) -> str:
        """Return all that it has said."""
        return self.said.read_text()

    @property
    def job(self) -> str:
        """The job's id, which begins every line."""
        return self.read().split()[0]


@contextmanager
def _submitted(house: House) -> Iterator[Film]:
    """Submit the sample, approve it unseen, and follow it."""
    (house.data / "brief.json").write_bytes((ROOT / "samples" / "brief.json").read_bytes())
    said = house.data.parent / "submit.log"
    with said.open("wb") as file:
        process = house.programs.start(
            "bridge",
            *("submit", "brief.json", "--approve"),
            data=house.data,
            variables=house.variables,
            stdout=file,
            stderr=file,
        )
    try:
        yield Film(said=said, process=process)
    finally:
        process.kill()
        process.wait()


def _finished(film: Film, house: House) -> str:
    """Wait for the end of a film; return the digest of what its link leads to."""
    house.journal.wait(
        "The film is finished", lambda: film.process.poll() is not None, seconds=_PATIENCE
    )
    told = film.read()
    assert film.process.returncode == 0, told
    passed = re.findall(rf"(?m)^{film.job} (\w+)", told)
    house.journal.say(f"reelwright submit told of: {', '.join(dict.fromkeys(passed))}")
    assert passed[-1] == "completed", told
    link = re.search(r'"(http://[^"]+\.mp4[^"]*)"', told)
    assert link, told
    return _digest(link[1], house.journal)


def _digest(link: str, journal: Journal) -> str:
    content = httpx.get(link, timeout=60).raise_for_status().content
    assert content[4:8] == b"ftyp"
    digest = hashlib.sha256(content).hexdigest()
    journal.say(f"Its link leads to {len(content) / 1e6:.1f} MB, SHA-256 {digest[:16]}…")
    return digest


def _film_elsewhere(house: House, server: PostgresServer, url: str, job: str, digest: str) -> None:
    """Back everything up, and have a bridge of its own serve the film from what came back."""
    journal, backup = house.journal, house.data.parent / "backup"
    journal.step("A backup, restored elsewhere")
    ours = house.variables | {"REELWRIGHT_DATABASE_URL": url}
    for line in reelwright(server, house.data, ours, "backup", str(backup)).splitlines():
        journal.say(line)
    data = house.data.parent / "elsewhere"
    data.mkdir()
    with postgres_server(durable=True) as other, other.database() as theirs:
        (data / "reelwright.env").write_bytes((house.data / "reelwright.env").read_bytes())
        port = str(free_port())
        moved = {
            "REELWRIGHT_DATABASE_URL": theirs,
            "REELWRIGHT_PORT": port,
            "REELWRIGHT_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        there = House(
            programs=house.programs,
            journal=journal,
            data=data,
            variables=house.variables | moved,
            bridge=f"127.0.0.1:{port}",
            daemon="",
            key=house.key,
        )
        for line in reelwright(other, data, moved, "restore", str(backup)).splitlines():
            journal.say(f"{line}, into another PostgreSQL and another folder")
        with _serving(there, data.parent / "bridge-elsewhere.log"):
            links = there.get(f"/api/v1/videos/jobs/{job}/links").raise_for_status().text
            link = re.search(r'"(http://[^"]+\.mp4[^"]*)"', links)
            assert link, links
            assert _digest(link[1], journal) == digest
            journal.say("The same film, byte for byte, by the same key")


@contextmanager
def _bridge(
    programs: Programs, journal: Journal, place: Path, *, url: str, valkey: str
) -> Iterator[House]:
    """Write the settings as the README has it, and run a bridge by them, with a key of its own."""
    data, port, metrics = place / "data", free_port(), free_port()
    data.mkdir()
    programs.run(
        "bridge",
        *("init", "--public-url", f"http://127.0.0.1:{port}"),
        *("--redis-url", valkey, "--database-url", url),
        data=data,
        variables={},
    )
    journal.say("reelwright init wrote the settings, with fresh secrets")
    variables = {
        "REELWRIGHT_HOST": "127.0.0.1",
        "REELWRIGHT_PORT": str(port),
        "REELWRIGHT_METRICS_HOST": "127.0.0.1",
        "REELWRIGHT_METRICS_PORT": str(metrics),
    }
    made = ("keys", "create", "Operator", "--all-projects", "--action", "read", "--action", "write")
    key = programs.run("bridge", *made, data=data, variables=variables).strip()
    house = House(
        programs=programs,
        journal=journal,
        data=data,
        variables=variables,
        bridge=f"127.0.0.1:{port}",
        daemon=f"127.0.0.1:{metrics}",
        key=key,
    )
    with _serving(house, place / "bridge.log"):
        yield house


@contextmanager
def _serving(house: House, log: Path) -> Iterator[None]:
    with (
        log.open("wb") as file,
        house.programs.running(
            "bridge", "bridge", data=house.data, variables=house.variables, log=file
        ),
    ):
        house.journal.wait(
            "The bridge is ready",
            lambda: house.answers(f"{house.bridge}/health/live"),
            seconds=_PATIENCE,
        )
        yield


@contextmanager
def _valkey(log: Path) -> Iterator[str]:
    """Run the queue's server with the options that compose gives it."""
    compose = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())
    _, *options = map(str, compose["services"]["valkey"]["command"])
    port = free_port()
    command = [str(find_redis_server()), *options, "--bind", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, cwd=log.parent)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        end(process)
