"""An editor's desk with everything on it: a project, films and their words in three languages.

The bakery's views stand in for a model's pictures; the models are simulators that charge.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from cms_bridge.storage.media_types import media_type_of
from daemon.local.installation import EDITOR_EMAIL, PLUGIN, find_node
from samples.bakery.make import logo
from samples.bakery.views import VIEWS
from tests.support.admin import paid_by, running_admin
from tests.support.installation import PATIENCE, RunningInstallation
from tests.support.simulators import gemini
from tests.support.simulators.gemini import GeminiSimulator

LOCALES = "en de ar"
PALETTE = {"background": "#1f2a44", "foreground": "#fdf6e3", "accent": "#f2a541"}
SCRIPT = {
    "lane": "Long before the town wakes up, a window on Mill Lane begins to glow.",
    "dough": "By five the dough has doubled, and Ada has not sat down once.",
    "street": "By six the street smells of warm crust.",
}
"""What is said, by the view that shows it."""
GERMAN = (
    "Lange bevor die Stadt erwacht, leuchtet in der Mühlgasse ein Fenster.",
    "Um fünf ist der Teig aufgegangen, und Ada saß noch keine Minute.",
    "Um sechs duftet die Gasse nach warmer Kruste.",
)
INVITATION = {
    "shelf": "On Saturdays the shelves are full by seven.",
    "crust": "Come early, and take a loaf home while it still sings.",
}
LOST = "Flour, water and salt, and one long night of patience."


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An installation, and the ids of what an editor finds on the desk."""

    running: RunningInstallation
    project: int
    film: int
    """A video whose film is finished, and has a further form; in German it has a price, in Arabic
    no words."""
    waiting: int
    """A video whose price waits for an approval."""
    storyboard: int
    """Its storyboard."""
    held: int
    """A video without a film: calls for it were lost."""
    event: int
    """Of the outbox."""


def draw(prompt: str, width: int, height: int) -> bytes:
    """Return the bakery's view of what a prompt speaks of, cut to this shape."""
    said = {**SCRIPT, **INVITATION}
    known = [view for view, words in said.items() if words[:20] in prompt]
    return _cut(view_of(known[0] if known else "table"), width, height)


@cache
def view_of(name: str) -> Any:
    pixels = np.clip(VIEWS[name]().rgb, 0, 1) * 255
    return cv2.cvtColor(pixels.astype(np.uint8), cv2.COLOR_RGB2BGR)


def _cut(view: Any, width: int, height: int) -> bytes:
    high, wide = view.shape[:2]
    share = min(wide / width, high / height)
    across, down = round(width * share), round(height * share)
    left, top = (wide - across) // 2, (high - down) // 2
    cut = cv2.resize(view[top : top + down, left : left + across], (width, height))
    done, data = cv2.imencode(".jpg", cut)
    assert done
    return data.tobytes()


@contextmanager
def open_desk(directory: Path, simulator: GeminiSimulator) -> Iterator[Desk]:
    """Open an installation in three locales, and lay everything on its desk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulator, "draw", draw)
        with running_desk(directory, simulator) as running:
            yield _lay(running, simulator)


@contextmanager
def running_desk(
    directory: Path, simulator: GeminiSimulator, **settings: str
) -> Iterator[RunningInstallation]:
    """Run an empty desk: three locales, drafts, and people who may not all do the same."""
    directory.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEV_LOCALES", LOCALES)
        _make_schema(directory / "payload.db")
        with running_admin(
            directory, **paid_by(simulator), render_quality="draft", **settings
        ) as running:
            yield running


def _make_schema(database: Path) -> None:
    environment = {**os.environ, "DATABASE_URI": f"file:{database}", "PAYLOAD_SECRET": "s"}
    done = subprocess.run(
        [find_node(), "--import", "tsx", "dev/schema.ts"],
        cwd=PLUGIN,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _lay(running: RunningInstallation, simulator: GeminiSimulator) -> Desk:
    with _signed_in(running) as http:
        project = _project(http, running.directory)
        film = _video(http, project, "The Oldest Recipe in Town", SCRIPT.values())
        _change(http, "videos", film, "de", title="Das älteste Rezept", script="\n\n".join(GERMAN))
        held = _video(http, project, "One long night", [LOST])
        _submit(http, held)
        simulator.script.extend([gemini.HangUp()] * 4)
        _approve(http, held)
        _await(http, "renditions", held, lambda found: found["status"] == "failed")
        simulator.script.clear()
        _submit(http, film)
        _approve(http, film)
        waiting = _video(http, project, "Saturdays on Mill Lane", INVITATION.values())
        _submit(http, waiting)
        board = _storyboard(http, waiting)
        (event, *_) = _ask(http, "GET", "reelwright-outbox?limit=1&depth=0")["docs"]
        _await(http, "renditions", film, lambda found: found["status"] == "completed")
        _submit(http, film, "de")
        _order(http, film)
        return Desk(
            running=running,
            project=project,
            film=film,
            waiting=waiting,
            storyboard=board["id"],
            held=held,
            event=event["id"],
        )


def _order(http: httpx.Client, film: int) -> None:
    """Have another form of a film made."""
    order = {
        "shapes": ["9:16"],
        "resolution": "360p",
        "format": "h264",
        "pictures": "cropped",
        "captions": "lit",
        "stream": True,
        "previews": False,
        "prices": {"9:16": "0"},
    }
    _ask(http, "POST", f"reelwright/videos/{film}/exports/order?locale=en", order)
    _await_export(http, film)


@contextmanager
def _signed_in(running: RunningInstallation) -> Iterator[httpx.Client]:
    house = running.installation
    with httpx.Client(base_url=f"{house.payload_url}/api/", timeout=60) as http:
        answer = http.post(
            "users/login", json={"email": EDITOR_EMAIL, "password": house.editor_password}
        )
        http.headers["Authorization"] = f"JWT {answer.json()['token']}"
        yield http


def _project(http: httpx.Client, directory: Path) -> int:
    badge = directory / "badge.png"
    logo(badge)
    table = _cut(view_of("table"), 640, 480)
    values: dict[str, Any] = {
        "name": "The bakery on Mill Lane",
        "palette": PALETTE,
        "look": {
            "style": "Gouache on rough paper, warm light against blue hours",
            "palette": "Ochre and deep blue",
            "lens": "35 mm, eye level",
        },
        "cast": [
            {
                "name": "Ada",
                "kind": "person",
                "description": "A baker of sixty, flour on her sleeves, grey hair in a knot",
            },
            {
                "name": "The oven",
                "kind": "thing",
                "description": "An arch of brick that her grandmother built by hand",
                "references": [{"relationTo": "media", "value": _medium(http, "oven.jpg", table)}],
            },
        ],
        "speakers": [{"name": "Ada"}],
        "logo": {
            "picture": {
                "relationTo": "media",
                "value": _medium(http, "logo.png", badge.read_bytes()),
            },
            "corner": "top_right",
            "width": 13,
        },
    }
    return _ask(http, "POST", "projects", values)["doc"]["id"]


def _medium(http: httpx.Client, name: str, data: bytes) -> int:
    """Put a picture into the media library."""
    kind = media_type_of(name)
    answer = http.post("media", files={"file": (name, data, kind)}, data={"_payload": "{}"})
    assert answer.is_success, answer.text
    return answer.json()["doc"]["id"]


def _video(http: httpx.Client, project: int, title: str, script: Any) -> int:
    values = {
        "title": title,
        "project": project,
        "brief": "A warm portrait of a village baker for the bakery's home page.",
        "script": "\n\n".join(script),
        "style": "Warm morning light, muted earth colours",
        "musicMood": "warm",
    }
    return _ask(http, "POST", "videos?locale=en&depth=0&draft=true", values)["doc"]["id"]


def _submit(http: httpx.Client, video: int, locale: str = "en") -> None:
    _change(http, "videos", video, locale, stage="submitted")
    film = {} if locale == "en" else {"film": locale}
    _await(
        http, "renditions", video, lambda found: found["status"] == "storyboard_complete", **film
    )


def _approve(http: httpx.Client, video: int) -> None:
    _change(http, "storyboards", _storyboard(http, video)["id"], decision="approved")


def _storyboard(http: httpx.Client, video: int) -> dict[str, Any]:
    return _await(http, "storyboards", video, lambda found: found["decision"] == "pending")


def _change(
    http: httpx.Client, collection: str, document: int, locale: str = "en", **values: Any
) -> None:
    _ask(http, "PATCH", f"{collection}/{document}?locale={locale}&depth=0&draft=true", values)


def _await(
    http: httpx.Client,
    collection: str,
    video: int,
    condition: Callable[[dict[str, Any]], bool],
    **where: str,
) -> dict[str, Any]:
    wanted = "".join(f"&where[{name}][equals]={value}" for name, value in where.items())
    address = f"{collection}?where[video][equals]={video}{wanted}&sort=-createdAt&depth=0"

    def newest() -> dict[str, Any] | None:
        return next(filter(condition, _ask(http, "GET", address)["docs"]), None)

    return _eventually(newest)


def _await_export(http: httpx.Client, video: int) -> None:
    def made() -> bool:
        exports = _ask(http, "GET", f"reelwright/videos/{video}/exports?locale=en")
        return any(one["film"] for one in exports)

    _eventually(made)


def _eventually(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 4 * PATIENCE  # A film is made on a machine that is busy.
    while not (found := look()):
        assert time.monotonic() < deadline, "This did not come true in time."
        time.sleep(0.2)
    return found


def _ask(http: httpx.Client, method: str, address: str, values: Any = None) -> Any:
    answer = http.request(method, address, json=values)
    assert answer.is_success, f"{method} {address} {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None
