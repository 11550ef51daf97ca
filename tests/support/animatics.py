"""An animatic in Chromium: the frames that the plugin's renderer draws of a timeline."""

import base64
import io
import json
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Page, Route

from render.preview.document import TimelinePreview
from render.words.faces import FOLDER
from tests.support.browsers import open_browsing

PLUGIN = Path(__file__).parents[2] / "cms_bridge/payload_plugin"
ORIGIN = "http://animatic.test"

Rgb = npt.NDArray[np.uint8]
"""Rows of pixels of red, green and blue."""

_ENTRY = """
import { Painter } from './src/animatic/painter.ts'
import { loadFaces } from './src/animatic/media.ts'
import { partsOf } from './src/animatic/parts.ts'
import { playPart, record } from './src/animatic/sound.ts'
Object.assign(window, { Painter, loadFaces, partsOf, playPart, record })
"""

_HEAR = """
async ([timeline, rate, step]) => {
  const context = new OfflineAudioContext(2, Math.round(timeline.duration * rate), rate)
  for (const part of partsOf(timeline)) {
    const bytes = await (await fetch(part.address)).arrayBuffer()
    playPart(context, context.destination, part, record(await context.decodeAudioData(bytes)), 0)
  }
  const heard = await context.startRendering()
  const sides = [0, 1].map((side) => heard.getChannelData(side))
  return Array.from({ length: Math.floor(heard.length / step) }, (_, index) =>
    sides.reduce((sum, side) =>
      side.subarray(index * step, (index + 1) * step).reduce((all, one) => all + one * one, sum),
    0) / step)
}
"""

_OPEN = """
async ([timeline, width, height]) => {
  document.documentElement.lang = timeline.locale
  await loadFaces(timeline.faces, ({ file }) => `/fonts/${file}`)
  const pictures = new Map()
  const clips = new Map()
  const load = async (address) => {
    const image = new Image()
    image.src = address
    await image.decode()
    const { naturalWidth: width, naturalHeight: height } = image
    pictures.set(address, { source: image, width, height })
  }
  if (timeline.logo?.asset) await load(timeline.logo.asset.contentUrl)
  for (const { view } of timeline.scenes) {
    if (view.kind === 'still' && view.asset) await load(view.asset.contentUrl)
    if (view.kind === 'clip') {
      const clip = document.createElement('video')
      clip.muted = true
      // As a whole: what is served here knows no ranges, and could not be sought in.
      clip.src = URL.createObjectURL(await (await fetch(view.asset.contentUrl)).blob())
      await new Promise((resolve) => clip.addEventListener('canplaythrough', resolve))
      clips.set(view.asset.contentUrl, clip)
    }
  }
  const asked = []
  const media = {
    picture: (address) => pictures.get(address) ?? null,
    clip: (address, seconds) => {
      const clip = clips.get(address)
      asked.push([clip, Math.min(seconds, clip.duration - 0.001)])
      return { source: clip, width: clip.videoWidth, height: clip.videoHeight }
    },
  }
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')
  const painter = new Painter(timeline, media, { width, height })
  window.draw = async (frame) => {
    asked.length = 0
    painter.paint(context, frame)
    for (const [clip, seconds] of asked) {
      const there = new Promise((resolve) =>
        clip.addEventListener('seeked', resolve, { once: true }))
      // Past the rounding of times to ticks, and within the picture that stands then.
      clip.currentTime = seconds + 0.001
      await there
    }
    if (asked.length > 0) painter.paint(context, frame)
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())
    let text = ''
    for (let at = 0; at < bytes.length; at += 32768) {
      text += String.fromCharCode(...bytes.subarray(at, at + 32768))
    }
    return btoa(text)
  }
}
"""


def bundle() -> str:
    """Return the plugin's renderer as one script for a page."""
    return subprocess.run(
        [
            *(PLUGIN / "node_modules/.bin/esbuild", "--bundle", "--format=iife"),
            *("--loader=ts", "--log-level=error"),
        ],
        input=_ENTRY,
        cwd=PLUGIN,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


class Animatic:
    """A timeline on a canvas of a size."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def frame(self, number: int) -> Rgb:
        """Return one frame as it is drawn."""
        told: str = self._page.evaluate("(frame) => draw(frame)", number)
        with Image.open(io.BytesIO(base64.b64decode(told))) as png:
            return np.asarray(png.convert("RGB"))


@contextmanager
def open_page(directory: Path, files: Mapping[str, Path]) -> Generator[Page]:
    """Open a page that holds the renderer; `files` are what it may ask for, by their paths."""

    def serve(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        if path == "/":
            route.fulfill(body="<!doctype html><meta charset=utf-8>", content_type="text/html")
        elif path.startswith("/fonts/"):
            route.fulfill(path=FOLDER / path.removeprefix("/fonts/"))
        elif found := files.get(path):
            route.fulfill(path=found)
        else:
            route.fulfill(status=404)

    with open_browsing(directory, base_url=ORIGIN) as browsing:
        browsing.context.route("**/*", serve)
        browsing.page.goto("/")
        browsing.page.add_script_tag(content=bundle())
        yield browsing.page
        assert not browsing.complaints


def hear(page: Page, timeline: TimelinePreview, *, rate: int, step: int) -> list[float]:
    """Return how loud a timeline is: the power of both sides in each `step` samples."""
    return page.evaluate(_HEAR, [json.loads(msgspec.json.encode(timeline)), rate, step])


def show(page: Page, timeline: TimelinePreview, *, width: int, height: int) -> Animatic:
    """Load a timeline into a page, with all its pictures and faces."""
    told: Any = json.loads(msgspec.json.encode(timeline))
    page.evaluate(_OPEN, [told, width, height])
    return Animatic(page)
