"""Motifs that several views share: skies, hills and houses, windows, smoke, boards, stones.

Places and sizes are in heights of the sheet.
"""

from collections.abc import Iterator
from math import sin

import numpy as np

from samples.bakery.sheet import Field, Point, Sheet, ramp, step


def box(left: float, top: float, wide: float, high: float) -> tuple[Point, ...]:
    """Return the corners of a rectangle."""
    right, foot = left + wide, top + high
    return ((left, top), (right, top), (right, foot), (left, foot))


def sky(sheet: Sheet, colours: tuple[tuple[float, str], ...]) -> None:
    """Wash a sky, its colours from the top of the sheet to its foot."""
    sheet.lay(1.0, ramp(sheet.y + 0.05 * (sheet.noise(2, 6) - 0.5), colours))


def stars(sheet: Sheet, count: int, *, below: float) -> None:
    """Scatter stars; the lower they stand the fainter they are."""
    rows, wide = len(sheet.x), float(sheet.x.max())
    for x, y, size in sheet.random.random((count, 3)):
        radius = 0.0008 + 0.0022 * size**4
        at = (x * wide, y * below)
        top, left = round(at[1] * rows), round(at[0] * rows)
        part = np.s_[max(0, top - 6) : top + 7, max(0, left - 6) : left + 7]
        far = np.hypot(sheet.x[part] - at[0], sheet.y[part] - at[1])
        shine = np.exp(-((far / radius) ** 2))[..., None] * (0.4 + 0.6 * size) * (1 - y * 0.6)
        sheet.rgb[part] += (np.array([1, 0.97, 0.9], np.float32) - sheet.rgb[part]) * shine


def hills(sheet: Sheet, ridges: tuple[tuple[float, float, str], ...]) -> None:
    """Lay ridges one before the other: the height of each, how it swings, its colour."""
    for top, swing, over in ridges:
        line = top - swing * (_profile(sheet) - 0.5) * 2
        lit = 0.16 * np.exp(-np.clip(sheet.y - line, 0, 1) / 0.02)
        trees = 0.12 * (sheet.noise(24, 40) - 0.5)
        land = ramp(np.clip(lit + trees + 0.1, 0, 1), ((0, over), (1, "#aebad0")))
        sheet.lay(step(sheet.y, line - 0.0015, line + 0.0015), land)


def _profile(sheet: Sheet) -> Field:
    # One row of clouds, the same all the way down.
    return np.broadcast_to(sheet.noise(2.2)[:1], sheet.x.shape)


def house(  # noqa: PLR0913  a house's measures
    sheet: Sheet,
    left: float,
    wide: float,
    top: float,
    wall: str,
    *,
    roof: str,
    foot: float = 0.745,
    chimney: bool = False,
) -> None:
    """Set down a house with its gable to the viewer."""
    eaves = top + wide * 0.42
    if chimney:
        stack = box(left + wide * 0.68, top - wide * 0.06, wide * 0.12, wide * 0.4)
        sheet.lay(sheet.polygon(*stack), roof)
    front = sheet.polygon(*box(left, eaves - 0.002, wide, foot - eaves))
    light = 0.2 * sheet.noise(14) * (1.2 - (sheet.x - left) / wide)
    sheet.lay(front, ramp(np.clip(light, 0, 1), ((0, wall), (1, "#9aa0bd"))))
    gable = sheet.polygon(
        (left - wide * 0.06, eaves + wide * 0.03),
        (left + wide / 2, top),
        (left + wide * 1.06, eaves + wide * 0.03),
    )
    tiles = 0.12 * sheet.noise(8, 60) + 0.05 * np.sin(sheet.y * 420)
    sheet.lay(gable, ramp(np.clip(tiles + 0.05, 0, 1), ((0, roof), (1, "#8f98bb"))))
    panes = ((0.22, 0.3), (0.64, 0.3)) if wide > 0.1 else ()  # noqa: PLR2004  drawn if seen
    for across, down in panes:
        pane = box(left + wide * across, eaves + wide * down, wide * 0.14, wide * 0.22)
        sheet.lay(sheet.polygon(*pane) * 0.8, "#0b1226")


def window(  # noqa: PLR0913, PLR0917  a window's measures
    sheet: Sheet, x: float, y: float, wide: float, high: float, strength: float = 1.0
) -> None:
    """Light a window."""
    pane = sheet.polygon(*box(x, y, wide, high))
    warm = 1.05 - (sheet.y - y) / high * 0.5 + 0.3 * (sheet.noise(20) - 0.5)
    shade = ramp(np.clip(warm, 0, 1), ((0, "#d9741f"), (0.5, "#ffb84d"), (1, "#fff0b8")))
    sheet.lay(pane * strength, shade)
    for bar in (box(x + wide / 2 - 0.002, y, 0.004, high), box(x, y + high * 0.4, wide, 0.004)):
        sheet.lay(sheet.polygon(*bar) * 0.8, "#3b2417")


def smoke(  # noqa: PLR0913  a plume's measures
    sheet: Sheet,
    at: Point,
    *,
    lean: float,
    high: float,
    over: str,
    strength: float,
    wide: float = 0.014,
) -> None:
    """Let smoke or steam rise from a point."""
    risen = np.clip((at[1] - sheet.y) / high, 0, 1.2)
    middle = at[0] + lean * risen**1.4 + 0.03 * risen * np.sin(risen * 9 + at[0] * 20)
    breadth = wide * (1 + 2.6 * risen)
    plume = np.exp(-(((sheet.x - middle) / breadth) ** 2)) * (1 - step(risen, 0.3, 1.1))
    plume *= step(at[1] - sheet.y, 0, 0.02) * (0.45 + 0.75 * sheet.noise(10))
    sheet.lay(np.clip(plume * strength, 0, 1), over)


def boards(sheet: Sheet, top: float, *, light: float) -> None:
    """Lay boards that run away from the viewer, below a line."""
    table = step(sheet.y, top - 0.002, top + 0.002)
    fan = (sheet.x - 2 / 3) / (sheet.y - top + 0.55)
    plank = np.floor(fan * 6.5)
    tone = np.sin(plank * 37.7) * 0.09
    grain = sheet.noise(34, 4, octaves=2) - 0.5
    near = np.clip((sheet.y - top) / 0.45, 0, 1)
    shade = light + tone + 0.3 * grain - 0.2 * (sheet.x - 0.5) - 0.12 * near
    sheet.lay(table, ramp(shade, ((0, "#2a170d"), (0.5, "#8a5a33"), (1, "#dcb078"))))
    gap = np.abs(fan * 6.5 - plank - 0.5)
    sheet.lay(table * step(gap, 0.475, 0.495) * 0.7, "#2a170d")
    sheet.lay(table * (1 - step(sheet.y, top, top + 0.012)) * 0.5, "#efc78d")


def arch(sheet: Sheet, outer: float, inner: float, over: str) -> None:
    """Lay an arch of stones, or its opening where there is no inner edge."""
    distance = np.hypot(sheet.x - 8 / 9, np.minimum(sheet.y - 0.56, 0))
    above = 1 - step(sheet.y, 0.858, 0.862)
    ring = (1 - step(distance, outer - 0.002, outer + 0.002)) * above
    ring *= step(distance, inner - 0.002, inner + 0.002) if inner else 1
    shade = 0.35 + 0.5 * sheet.noise(16)
    sheet.lay(ring, ramp(shade, ((0, "#1a0b07"), (1, over))) if inner else over)


def facade(sheet: Sheet, end: Point, side: int, place: int, wall: str) -> None:
    """Set a house into a street that runs towards `end`; place 0 is the nearest."""

    def across(depth: float) -> float:
        return end[0] + side * (0.13 + 0.62 * depth)

    near, far = 0.62**place * 1.15, 0.62 ** (place + 1) * 1.15
    corners = [(across(depth), depth) for depth in (near, far)]
    high = 0.5 + 0.08 * sin(place * 2.7 + side)
    foot, head = 0.42, high
    (x0, d0), (x1, d1) = corners
    front = sheet.polygon(
        (x0, end[1] + foot * d0), (x1, end[1] + foot * d1), (x1, end[1] - head * d1),
        (x0, end[1] - head * d0),
    )  # fmt: skip
    haze = min(0.75, 0.16 * place)
    light = 0.42 + 0.4 * (sheet.noise(10) - 0.5) + (0.12 if side > 0 else -0.06)
    sheet.lay(front, ramp(light, ((0, "#2f2228"), (0.5, wall), (1, "#ffdfae"))))
    ridge = sheet.polygon(
        (x0 + side * 0.03 * d0, end[1] - head * d0), (x1, end[1] - head * d1),
        (x1 + side * 0.12 * d1, end[1] - (head + 0.22) * d1),
        (x0 + side * 0.16 * d0, end[1] - (head + 0.22) * d0),
    )  # fmt: skip
    sheet.lay(ridge, ramp(0.4 + 0.3 * sheet.noise(20), ((0, "#3a2326"), (1, "#a5604a"))))
    bakery = side < 0 and place == 1
    for pane in _panes(end, corners):
        sheet.lay(sheet.polygon(*pane), "#ffdd96" if bakery else "#4c4a5c")
    if bakery:
        # Its awning reaches into the lane.
        awning = sheet.polygon(
            (x0, end[1] - 0.02 * d0), (x1, end[1] - 0.02 * d1),
            (x1 + 0.08 * d1, end[1] + 0.08 * d1), (x0 + 0.08 * d0, end[1] + 0.08 * d0),
        )  # fmt: skip
        stripes = step(np.sin(np.log(np.clip(end[0] - sheet.x, 0.05, 2)) * 40), -0.15, 0.15)
        cloth = ramp(stripes, ((0, "#b23a2e"), (1, "#fbeed4")))
        sheet.lay(awning, cloth)
    sheet.lay(np.maximum(front, ridge) * haze, "#ffe0ab")


def _panes(end: Point, corners: list[tuple[float, float]]) -> Iterator[tuple[Point, ...]]:
    (x0, d0), (x1, d1) = corners
    for first, last in ((0.16, 0.38), (0.6, 0.82)):
        for low, high in ((-0.2, -0.06), (0.1, 0.28)):
            points: list[Point] = []
            for part, level in ((first, low), (last, low), (last, high), (first, high)):
                depth = d0 + (d1 - d0) * part
                points.append((x0 + (x1 - x0) * part, end[1] + level * depth))
            yield tuple(points)
