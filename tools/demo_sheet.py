"""Makes the demo's film anew, and draws its contact sheet.

    python -m tools.demo_sheet -o SHEET.jpg [--directory .cache/demo-sheet]

The film goes the demo's whole way: from a signed webhook through bridge and daemon into the
store, without any key. What the sheet tells of it is what the bridge tells: its files, and its
timeline.
"""

import argparse
import shutil
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec

from daemon.client import Sender
from daemon.local.demo import outside, sample
from daemon.local.installation import House, open_house
from render.rendition import Rendition, Timings
from render.report import ResultLine, SceneTime
from render.storyboard import Brief
from tools.contact import contact_sheet, save

_WAIT_SECONDS = 600
_FILES = {"video": "demo.mp4", "captions": "demo.vtt", "words": "words.json"}


async def make(brief: Brief, directory: Path) -> tuple[ResultLine, dict[str, str]]:
    """Make a brief's film in a directory; return what is told of it, and its transitions."""
    async with (
        open_house(directory, cms=False, outside=outside(paid=False)) as house,
        httpx.AsyncClient(base_url=house.bridge_url, timeout=30) as http,
    ):
        job = await _filmed(house, http, brief)
        http.headers["Authorization"] = f"Bearer {house.api_key}"
        film = (await _read(http, f"/api/v1/videos/{job}/renditions")).json()["renditions"][0]
        places: dict[str, Path] = {}
        for file in film["files"]:
            if name := _FILES.get(file["kind"]):
                places[file["kind"]] = directory / name
                places[file["kind"]].write_bytes((await _read(http, file["url"])).content)
        timeline = (await _read(http, f"/api/v1/jobs/{job}/timeline")).json()
    return _told(film, timeline, places), {
        scene["id"]: scene["transition"]["kind"]
        for scene in timeline["scenes"]
        if scene["transition"]
    }


async def _filmed(house: House, http: httpx.AsyncClient, brief: Brief) -> str:
    """Have a brief filmed as it is drafted; return its job."""
    sender = Sender(http, webhook_secret=house.webhook_secret, api_key=house.api_key)
    job = await sender.submit(brief)
    drafted = sender.follow(job, until=frozenset({"storyboard_complete"}), seconds=_WAIT_SECONDS)
    await sender.approve([status async for status in drafted][-1])
    async for _ in sender.follow(job, until=frozenset({"completed"}), seconds=_WAIT_SECONDS):
        pass
    return job


async def _read(http: httpx.AsyncClient, url: str) -> httpx.Response:
    answer = await http.get(url)
    answer.raise_for_status()
    return answer


def _told(film: dict[str, Any], timeline: dict[str, Any], places: dict[str, Path]) -> ResultLine:
    """Return what the engine says of a film that it has made, as far as a sheet tells of it."""
    return ResultLine(
        rendition=Rendition(
            path=str(places["video"]),
            duration=film["duration"],
            width=film["width"],
            height=film["height"],
            frames=timeline["frames"],
            bytes=film["bytes"],
            sha256="",
            encoder=film["format"],
            segments=(),
            reused=0,
            timings=Timings(),
        ),
        scenes=tuple(
            SceneTime(
                id=scene["id"], start=scene["span"]["start"], duration=scene["span"]["duration"]
            )
            for scene in timeline["scenes"]
        ),
        captions=str(places["captions"]),
        words=str(places["words"]),
    )


def main() -> None:
    """Make the film, and draw its sheet."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", "-o", type=Path, required=True, help="the JPEG to write")
    parser.add_argument("--directory", type=Path, default=Path(".cache/demo-sheet"))
    options = parser.parse_args()
    brief = msgspec.json.decode(sample().read_bytes(), type=Brief)
    directory: Path = options.directory.absolute()
    shutil.rmtree(directory, ignore_errors=True)
    result, names = anyio.run(make, brief, directory)
    video = Path(result.rendition.path)
    save(contact_sheet(video, result, title=brief.title, names=names), options.out)


if __name__ == "__main__":
    main()
