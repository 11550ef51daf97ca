"""The views: what each scene of the bakery's film shows, from the lane at night to the loaf.

Each is a sketch of 4:3, so that a wide frame and an upright one both find enough of
it. What matters stands where the storyboard's focus says, and lets the lowest third
be, where words go.
"""

from collections.abc import Callable, Iterator
from math import cos, sin, tau

import numpy as np

from samples.bakery.bread import BLUE, CLAY, DOUGH, FLOUR, boule, bowl, dome, loaf, vessel
from samples.bakery.sheet import Field, Point, Sheet, ramp, step

_LIT = "#ffcf6b"


def lane() -> Sheet:
    """Before dawn: a row of sleeping houses, and one window that glows."""
    sheet = Sheet(11)
    _sky(sheet, ((0, "#0b1430"), (0.45, "#1f3a66"), (0.62, "#5b6a8c"), (0.72, "#c98f74")))
    _stars(sheet, 90, below=0.45)
    _hills(sheet, ((0.52, 0.05, "#2b3d63"), (0.58, 0.05, "#1d2c4c"), (0.64, 0.03, "#141f38")))
    houses = (
        (-0.04, 0.16, 0.50, "#18223f"),
        (0.11, 0.17, 0.44, "#1d2947"),
        (0.52, 0.15, 0.47, "#1a2541"),
        (0.66, 0.20, 0.42, "#202c4a"),
        (0.85, 0.16, 0.49, "#19233e"),
        (1.0, 0.19, 0.45, "#1e2946"),
        (1.18, 0.2, 0.5, "#172039"),
    )
    for left, wide, top, wall in houses:
        _house(sheet, left, wide, top, wall, roof="#0f1730")
    _house(sheet, 0.27, 0.26, 0.36, "#3a3350", roof="#191a30", chimney=True)
    _smoke(sheet, (0.46, 0.25), lean=0.16, high=0.22, over="#7d86a3", strength=0.5)
    ground = step(sheet.y + 0.01 * (sheet.noise(12) - 0.5), 0.735, 0.75)
    stones = 0.25 + 0.5 * sheet.noise(26, 70, octaves=2) * (1.3 - sheet.y)
    sheet.lay(ground, ramp(stones, ((0, "#0b1122"), (0.5, "#1c2742"), (1, "#4a5674"))))
    for x, y, wide, high in ((0.315, 0.56, 0.075, 0.1), (0.435, 0.56, 0.045, 0.17)):
        sheet.glow((x + wide / 2, y + high / 2), 0.16, "#ff9d3c", 0.42)
        _window(sheet, x, y, wide, high)
    spill = sheet.polygon((0.31, 0.74), (0.49, 0.74), (0.72, 1.0), (0.16, 1.0), soft=0.025)
    sheet.lay(spill * (0.25 + 0.5 * sheet.noise(24, 60, octaves=2)) * 0.8, "#f3a54a")
    _window(sheet, 0.345, 0.43, 0.035, 0.055, strength=0.75)
    sheet.vignette(0.4)
    return sheet


def table() -> Sheet:
    """Flour, water and salt, in the light of the window."""
    sheet = Sheet(23)
    wall = ramp(
        0.75 - 0.42 * sheet.x + 0.14 * sheet.noise(3),
        ((0, "#3a2820"), (0.5, "#7d5f48"), (1, "#c9a883")),
    )
    sheet.lay(1.0, wall)
    for shift in (0.0, 0.17):
        pane = sheet.polygon(
            (0.56 + shift, 0.06), (0.7 + shift, 0.1), (0.78 + shift, 0.44), (0.63 + shift, 0.43),
            soft=0.012,
        )  # fmt: skip
        sheet.lay(pane * 0.5, "#ffe6b0")
    _boards(sheet, 0.52, light=0.62)
    # A sack that stands open, the jug, the salt, and the heap they are meant for.
    sheet.shadow((0.2, 0.66), 0.24, 0.07)
    outline = [(0.3, 0.1), (0.36, 0.125), (0.45, 0.15), (0.58, 0.165), (0.655, 0.15)]
    vessel(sheet, 0.19, outline, ((0, "#3d3124"), (0.5, "#9c8461"), (1, "#efdcb6")))
    sheet.lay(sheet.ellipse((0.19, 0.3), 0.105, 0.026), "#6f5b41")
    dome(sheet, (0.19, 0.292), 0.088, 0.03, colours=FLOUR, rough=0.1)
    sheet.lay(sheet.polygon((0.13, 0.46), (0.25, 0.46), (0.25, 0.54), (0.13, 0.54)) * 0.35, BRICK)
    heap = step(
        0.62 - 0.17 * np.exp(-(((sheet.x - 0.6) / 0.15) ** 2)) - sheet.y, -0.002, 0.002
    ) * step(sheet.y, 0.0, 0.01)
    under = 1 - heap
    under *= sheet.ellipse((0.6, 0.615), 0.27, 0.052, soft=0.02) + step(0.62 - sheet.y, 0, 0.004)
    slope = 0.75 - 1.5 * (sheet.x - 0.58) + 0.3 * (sheet.noise(20) - 0.5)
    sheet.shadow((0.68, 0.64), 0.25, 0.05, 0.5)
    heaped = np.clip(under, 0, 1) * (1 - step(np.abs(sheet.x - 0.6), 0.24, 0.3))
    sheet.lay(heaped, ramp(np.clip(slope, 0, 1), FLOUR))
    sheet.shadow((0.97, 0.66), 0.15, 0.05)
    jug = [(0.25, 0.062), (0.29, 0.05), (0.36, 0.06), (0.5, 0.115), (0.6, 0.115), (0.66, 0.085)]
    handle = np.hypot((sheet.x - 1.055) / 0.075, (sheet.y - 0.42) / 0.1)
    sheet.lay(1 - step(np.abs(handle - 0.85), 0.1, 0.16), "#2f5a76")
    vessel(sheet, 0.96, jug, BLUE)
    sheet.lay(sheet.ellipse((0.96, 0.25), 0.062, 0.014), "#16293a")
    sheet.lay(sheet.ellipse((0.965, 0.254), 0.05, 0.009), "#9cc3d6")
    bowl(sheet, (1.2, 0.58), 0.09, 0.085, CLAY)
    dome(sheet, (1.2, 0.575), 0.07, 0.022, colours=FLOUR, rough=0.3)
    dusting = step(sheet.noise(90, 130, octaves=1), 0.62, 1) * step(sheet.y, 0.6, 0.66)
    near = np.exp(-(((sheet.x - 0.6) / 0.3) ** 2) - ((sheet.y - 0.66) / 0.08) ** 2)
    sheet.lay(dusting * near * 0.8, "#fff8ea")
    sheet.glow((0.3, 0.1), 0.75, "#ffcf88", 0.22)
    sheet.vignette(0.3)
    return sheet


BRICK = "#8a4a30"


def night() -> Sheet:
    """A long night over the valley: moon, stars, one light far below."""
    sheet = Sheet(37)
    _sky(sheet, ((0, "#050a1e"), (0.4, "#0f2148"), (0.7, "#274a78"), (0.85, "#4a6a90")))
    along, over = sheet.turned((0.75, 0.3), 32)
    band = np.exp(-((over / 0.13) ** 2)) * sheet.noise(7) * (0.7 + 0.3 * np.cos(along * 3))
    sheet.lay(band * 0.4, "#8ea3d6")
    _stars(sheet, 420, below=0.72)
    sheet.glow((0.93, 0.22), 0.3, "#5f7fc0", 0.55)
    sheet.lay(sheet.ellipse((0.93, 0.22), 0.07, 0.07), "#f6efd8")
    craters = step(sheet.noise(16), 0.52, 0.75) * sheet.ellipse((0.93, 0.22), 0.066, 0.066)
    sheet.lay(craters * 0.4, "#c8bfa6")
    clouds = step(sheet.noise(2.5, 9), 0.5, 0.85) * np.exp(-(((sheet.y - 0.47) / 0.12) ** 2))
    sheet.lay(clouds * 0.45, "#7f97c4")
    _hills(
        sheet,
        ((0.6, 0.09, "#2c4a78"), (0.68, 0.08, "#1d3459"), (0.77, 0.06, "#12233f")),
    )
    for place in range(9):
        x = 0.3 + 0.045 * place + 0.012 * sin(place * 2.3)
        _house(sheet, x, 0.038, 0.735 + 0.012 * cos(place * 1.9), "#0d1a33", roof="#081124", foot=0.79)
    sheet.glow((0.505, 0.772), 0.07, "#ffab4a", 0.6)
    sheet.lay(sheet.polygon((0.5, 0.765), (0.511, 0.765), (0.511, 0.779), (0.5, 0.779)), _LIT)
    _hills(sheet, ((0.85, 0.06, "#0a1529"),))
    sheet.vignette(0.3)
    return sheet


def dough() -> Sheet:
    """By five: the dough has risen over its bowl, and the window is turning blue."""
    sheet = Sheet(41)
    plaster = 0.5 - 0.25 * (sheet.x - 0.6) + 0.2 * sheet.noise(3)
    sheet.lay(1.0, ramp(plaster, ((0, "#2b2a33"), (0.5, "#595261"), (1, "#8d8089"))))
    x, y, wide, high = 0.1, 0.04, 0.4, 0.44
    frame = sheet.polygon(*_box(x - 0.025, y - 0.03, wide + 0.05, high + 0.06))
    sheet.lay(frame, "#3a2c29")
    pane = sheet.polygon(*_box(x, y, wide, high))
    sheet.lay(
        pane,
        ramp(
            sheet.y / 0.5 + 0.06 * sheet.noise(5),
            ((0, "#27407a"), (0.55, "#6f88bb"), (0.8, "#e2ab8b"), (1, "#ffd9a0")),
        ),
    )
    ridge = step(sheet.y + 0.04 * sheet.noise(4, 1), 0.43, 0.435) * pane
    sheet.lay(ridge, "#2c3c60")
    for bar in (_box(x + wide / 2 - 0.008, y, 0.016, high), _box(x, y + 0.2, wide, 0.014)):
        sheet.lay(sheet.polygon(*bar), "#3a2c29")
    sheet.lay(sheet.polygon(*_box(x - 0.05, y + high + 0.02, wide + 0.1, 0.03)), "#6d5546")
    _boards(sheet, 0.6, light=0.42)
    sheet.glow((0.3, 0.66), 0.3, "#8fa8e0", 0.22)
    cloth = sheet.polygon((0.42, 0.7), (1.12, 0.66), (1.26, 0.8), (0.5, 0.87), soft=0.003)
    stripes = step(np.sin((sheet.x * 0.9 + sheet.y * 0.5) * 62), 0.72, 0.86)
    sheet.lay(cloth, ramp(0.5 + 0.4 * sheet.noise(6), ((0, "#a89a88"), (1, "#e6dac6"))))
    sheet.lay(cloth * stripes * 0.75, "#8c3b34")
    bowl(sheet, (0.8, 0.53), 0.3, 0.24, CLAY)
    empty = sheet.rgb.copy()
    mask, u, v = dome(sheet, (0.8, 0.5), 0.285, 0.17, colours=DOUGH, rough=0.16)
    bubbles = step(sheet.noise(15, octaves=2), 0.68, 0.82) * mask
    sheet.lay(bubbles * 0.35 * step(-v - 0.3 * u, -0.4, 0.3), "#fffdf4")
    dust = step(sheet.noise(50, octaves=1), 0.72, 0.95) * mask
    sheet.lay(dust * 0.4, "#ffffff")
    # What is below the rim's near edge is in the bowl.
    rim = 0.53 + 0.044 * np.sqrt(np.clip(1 - ((sheet.x - 0.8) / 0.285) ** 2, 0, 1))
    sheet.lay(step(sheet.y, rim - 0.002, rim + 0.002), empty)
    sheet.glow((1.25, 0.12), 0.55, "#ffb45e", 0.3)
    sheet.vignette(0.35)
    return sheet


def street() -> Sheet:
    """By six: the sun at the end of the lane, and smoke from the chimney."""
    sheet = Sheet(53)
    _sky(sheet, ((0, "#5f7fae"), (0.3, "#b9b6bd"), (0.5, "#f6c98c"), (0.62, "#fff0c4")))
    clouds = step(sheet.noise(2.5, 9), 0.52, 0.9) * (1 - step(sheet.y, 0.3, 0.55))
    sheet.lay(clouds * 0.7, "#ffe4c0")
    sheet.glow((0.7, 0.5), 0.28, "#fff1b8", 0.9)
    end = (0.7, 0.53)
    ground = sheet.polygon((0.55, 0.53), (0.85, 0.53), (1.6, 1.03), (-0.2, 1.03))
    depth = np.clip((sheet.y - 0.55) / 0.45, 0.02, 1).astype(np.float32)
    rows = np.sin(18 / (depth + 0.06)) * np.sin((sheet.x - 0.7) / (depth + 0.05) * 24)
    stones = 0.45 + 0.16 * rows + 0.35 * (sheet.noise(14, 40) - 0.5) - 0.12 * depth
    sheet.lay(ground, ramp(stones, ((0, "#3d3038"), (0.5, "#94765f"), (1, "#f0cd95"))))
    sheet.lay(ground * np.exp(-(((sheet.x - 0.7) / (0.05 + 0.2 * depth)) ** 2)) * 0.5, "#ffe0a0")
    walls = ("#8c5f4a", "#a97f5c", "#74606a", "#b58d6a", "#7d5546", "#94766a")
    for side in (-1, 1):
        for place in range(5, -1, -1):
            _facade(sheet, end, side, place, walls[(place * 2 + side) % len(walls)])
    _smoke(sheet, (0.3, 0.2), lean=0.22, high=0.2, over="#fff2dc", strength=0.75)
    sheet.glow((0.7, 0.5), 0.5, "#ffd489", 0.4)
    sheet.vignette(0.22)
    return sheet


def shelf() -> Sheet:
    """Shelves of loaves, from the ceiling to the counter."""
    sheet = Sheet(67)
    back = 0.45 + 0.3 * sheet.noise(4) - 0.3 * np.abs(sheet.x - 0.6)
    sheet.lay(1.0, ramp(back, ((0, "#24140d"), (0.5, "#5a3720"), (1, "#9a6a3e"))))
    for level in (0.25, 0.51, 0.77):
        shade = step(sheet.y, level - 0.27, level - 0.13) * (1 - step(sheet.y, level, level + 0.01))
        sheet.lay((1 - shade) * 0.25 * step(sheet.y, 0.05, 0.1), "#120804")
        plank = sheet.polygon(*_box(-0.05, level, 1.5, 0.028))
        grain = sheet.noise(3, 90, octaves=2)
        sheet.lay(plank, ramp(grain, ((0, "#5d3a1e"), (1, "#b98550"))))
        lip = sheet.polygon(*_box(-0.05, level + 0.028, 1.5, 0.022))
        sheet.lay(lip, "#3a2110")
    for x in (0.13, 0.44, 0.75, 1.06, 1.33):
        loaf(sheet, (x, 0.185), 0.135, 0.068, turn=float(sheet.random.uniform(-4, 4)), cuts=4)
    for x in (0.1, 0.36, 0.62, 0.88, 1.14, 1.38):
        boule(sheet, (x, 0.42), 0.115, 0.093)
    for x in (0.02, 0.29, 0.56, 0.83, 1.1, 1.37):
        turn = float(sheet.random.uniform(-3, 3))
        loaf(sheet, (x, 0.7), 0.12, 0.075, turn=turn, cuts=3, dust=0.8)
    for x in (0.2, 0.55, 0.9, 1.25):
        loaf(sheet, (x, 0.93), 0.16, 0.07, turn=2, cuts=5, dust=0.3)
    sheet.glow((0.55, 0.1), 0.7, "#ffc56e", 0.3)
    sheet.vignette(0.45)
    return sheet


def crust() -> Sheet:
    """The loaf itself, still steaming."""
    sheet = Sheet(79)
    back = 0.35 + 0.35 * sheet.noise(2.5) - 0.35 * np.hypot(sheet.x - 0.45, sheet.y - 0.25)
    sheet.lay(1.0, ramp(back, ((0, "#120d12"), (0.4, "#33242a"), (1, "#8a5a3c"))))
    sheet.glow((0.25, 0.12), 0.42, "#ff9c48", 0.45)
    _boards(sheet, 0.6, light=0.5)
    sheet.shadow((0.7, 0.68), 0.52, 0.09, 0.7)
    board = sheet.ellipse((0.68, 0.655), 0.47, 0.1)
    rings = 0.5 + 0.3 * np.sin(sheet.y * 260 + 5 * sheet.noise(3)) * sheet.noise(6)
    sheet.lay(sheet.ellipse((0.68, 0.68), 0.47, 0.1), "#4d2d17")
    sheet.lay(board, ramp(rings, ((0, "#8a5a30"), (1, "#d9a868"))))
    boule(sheet, (0.68, 0.47), 0.34, 0.225, dust=0.75)
    for spot in range(26):
        angle = tau * spot / 26 + float(sheet.random.uniform(-0.1, 0.1))
        far = float(sheet.random.uniform(0.36, 0.44))
        place = (0.68 + far * cos(angle), 0.665 + 0.07 * abs(sin(angle)))
        size = float(sheet.random.uniform(0.003, 0.008))
        sheet.lay(sheet.ellipse(place, size, size * 0.6, soft=0.002), "#c98b45")
    for x, lean in ((0.58, -0.05), (0.7, 0.06), (0.82, 0.02)):
        _smoke(sheet, (x, 0.3), lean=lean, high=0.26, over="#fff1dd", strength=0.4, wide=0.02)
    sheet.vignette(0.5)
    return sheet


def hearth() -> Sheet:
    """The oven's mouth in its wall of bricks, without its fire; 16:9."""
    sheet = Sheet(97, rows=720, columns=1280)
    rows = np.floor(sheet.y / 0.07)
    shifted = sheet.x / 0.15 + 0.5 * (rows % 2)
    within = np.abs(shifted - np.floor(shifted) - 0.5), np.abs(sheet.y / 0.07 - rows - 0.5)
    joint = np.maximum(step(within[0], 0.46, 0.49), step(within[1], 0.42, 0.47))
    each = np.sin(np.floor(shifted) * 12.9 + rows * 78.2) * 43758.5
    tone = 0.3 + 0.4 * (each - np.floor(each)) + 0.35 * (sheet.noise(14) - 0.5)
    bricks = ramp(tone, ((0, "#2a120b"), (0.5, "#6e3520"), (1, "#a9633c")))
    sheet.lay(1.0, bricks)
    sheet.lay(joint * 0.8, "#1d100c")
    _arch(sheet, 0.475, 0.365, "#7d452b")
    distance = np.hypot(sheet.x - 8 / 9, np.minimum(sheet.y - 0.56, 0))
    angle = np.arctan2(sheet.y - 0.56, sheet.x - 8 / 9)
    wedge = np.abs((angle / 0.15) - np.rint(angle / 0.15))
    stone = (step(distance, 0.364, 0.367) - step(distance, 0.474, 0.477)) * step(wedge, 0.44, 0.48)
    sheet.lay(stone * 0.75, "#24120b")
    _arch(sheet, 0.365, 0.0, "#0d0403")
    sill = sheet.polygon(*_box(0.33, 0.86, 1.12, 0.07))
    sheet.lay(sill, ramp(0.3 + 0.5 * sheet.noise(8), ((0, "#3a2a22"), (1, "#a58a70"))))
    for x, turn in ((0.76, -9), (1.0, 7), (0.88, -2)):
        along, over = sheet.turned((x, 0.815), turn)
        log = (1 - step(np.abs(over), 0.03, 0.034)) * (1 - step(np.abs(along), 0.19, 0.2))
        bark = 0.4 - 9 * over + 0.5 * (sheet.noise(8, 60) - 0.5)
        sheet.lay(log, ramp(bark, ((0, "#170a06"), (0.6, "#4a2513"), (1, "#e0742a"))))
    return sheet


VIEWS: dict[str, Callable[[], Sheet]] = {
    view.__name__: view for view in (lane, table, night, dough, street, shelf, crust)
}
"""Every view that is a still, by the id of its scene."""


def _box(left: float, top: float, wide: float, high: float) -> tuple[Point, ...]:
    right, foot = left + wide, top + high
    return ((left, top), (right, top), (right, foot), (left, foot))


def _sky(sheet: Sheet, colours: tuple[tuple[float, str], ...]) -> None:
    sheet.lay(1.0, ramp(sheet.y + 0.05 * (sheet.noise(2, 6) - 0.5), colours))


def _stars(sheet: Sheet, count: int, *, below: float) -> None:
    wide = float(sheet.x.max())
    for x, y, size in sheet.random.random((count, 3)):
        radius = 0.0008 + 0.0022 * size**4
        at = (x * wide, y * below)
        rows, columns = sheet.x.shape
        top, left = round(at[1] * rows), round(at[0] * rows)
        part = np.s_[max(0, top - 6) : top + 7, max(0, left - 6) : left + 7]
        far = np.hypot(sheet.x[part] - at[0], sheet.y[part] - at[1])
        shine = np.exp(-((far / radius) ** 2))[..., None] * (0.4 + 0.6 * size) * (1 - y * 0.6)
        sheet.rgb[part] += (np.array([1, 0.97, 0.9], np.float32) - sheet.rgb[part]) * shine


def _hills(sheet: Sheet, ridges: tuple[tuple[float, float, str], ...]) -> None:
    for top, swing, over in ridges:
        line = top - swing * (_profile(sheet) - 0.5) * 2
        lit = 0.16 * np.exp(-np.clip(sheet.y - line, 0, 1) / 0.02)
        trees = 0.12 * (sheet.noise(24, 40) - 0.5)
        land = ramp(np.clip(lit + trees + 0.1, 0, 1), ((0, over), (1, "#aebad0")))
        sheet.lay(step(sheet.y, line - 0.0015, line + 0.0015), land)


def _profile(sheet: Sheet) -> Field:
    # One row of clouds, the same all the way down.
    return np.broadcast_to(sheet.noise(2.2)[:1], sheet.x.shape)


def _house(  # noqa: PLR0913  a house's measures
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
    eaves = top + wide * 0.42
    if chimney:
        stack = _box(left + wide * 0.68, top - wide * 0.06, wide * 0.12, wide * 0.4)
        sheet.lay(sheet.polygon(*stack), roof)
    front = sheet.polygon(*_box(left, eaves - 0.002, wide, foot - eaves))
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
        pane = _box(left + wide * across, eaves + wide * down, wide * 0.14, wide * 0.22)
        sheet.lay(sheet.polygon(*pane) * 0.8, "#0b1226")


def _window(  # noqa: PLR0913, PLR0917  a window's measures
    sheet: Sheet, x: float, y: float, wide: float, high: float, strength: float = 1.0
) -> None:
    pane = sheet.polygon(*_box(x, y, wide, high))
    warm = 1.05 - (sheet.y - y) / high * 0.5 + 0.3 * (sheet.noise(20) - 0.5)
    shade = ramp(np.clip(warm, 0, 1), ((0, "#d9741f"), (0.5, "#ffb84d"), (1, "#fff0b8")))
    sheet.lay(pane * strength, shade)
    for bar in (_box(x + wide / 2 - 0.002, y, 0.004, high), _box(x, y + high * 0.4, wide, 0.004)):
        sheet.lay(sheet.polygon(*bar) * 0.8, "#3b2417")


def _smoke(  # noqa: PLR0913  a plume's measures
    sheet: Sheet,
    at: Point,
    *,
    lean: float,
    high: float,
    over: str,
    strength: float,
    wide: float = 0.014,
) -> None:
    risen = np.clip((at[1] - sheet.y) / high, 0, 1.2)
    middle = at[0] + lean * risen**1.4 + 0.03 * risen * np.sin(risen * 9 + at[0] * 20)
    breadth = wide * (1 + 2.6 * risen)
    plume = np.exp(-(((sheet.x - middle) / breadth) ** 2)) * (1 - step(risen, 0.3, 1.1))
    plume *= step(at[1] - sheet.y, 0, 0.02) * (0.45 + 0.75 * sheet.noise(10))
    sheet.lay(np.clip(plume * strength, 0, 1), over)


def _boards(sheet: Sheet, top: float, *, light: float) -> None:
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


def _arch(sheet: Sheet, outer: float, inner: float, over: str) -> None:
    distance = np.hypot(sheet.x - 8 / 9, np.minimum(sheet.y - 0.56, 0))
    above = 1 - step(sheet.y, 0.858, 0.862)
    ring = (1 - step(distance, outer - 0.002, outer + 0.002)) * above
    ring *= step(distance, inner - 0.002, inner + 0.002) if inner else 1
    shade = 0.35 + 0.5 * sheet.noise(16)
    sheet.lay(ring, ramp(shade, ((0, "#1a0b07"), (1, over))) if inner else over)


def _facade(sheet: Sheet, end: Point, side: int, place: int, wall: str) -> None:
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
