"""Things on a baker's table, as shaded solids: loaves, bowls and jugs, flour and dough.

Light falls from the upper left. A solid is a field of normals with a crust's or a
glaze's colours; sizes are in heights of the sheet.
"""

import numpy as np

from samples.bakery.sheet import Field, Point, Sheet, Stops, ramp, step

CRUST: Stops = (
    (0.0, "#2e1409"),
    (0.28, "#6b3415"),
    (0.52, "#b46a28"),
    (0.74, "#dd9f4f"),
    (0.9, "#f2cf8e"),
    (1.0, "#fff0cf"),
)
DOUGH: Stops = (
    (0.0, "#8a7457"),
    (0.35, "#c9b18a"),
    (0.7, "#efdfc0"),
    (1.0, "#fffaf0"),
)
FLOUR: Stops = ((0.0, "#8d8375"), (0.4, "#cfc5b5"), (0.75, "#f5efe3"), (1.0, "#ffffff"))
BLUE: Stops = (
    (0.0, "#10202f"),
    (0.4, "#2c5470"),
    (0.75, "#6f9db5"),
    (0.93, "#c5dde6"),
    (1.0, "#ffffff"),
)
CLAY: Stops = (
    (0.0, "#2b1a14"),
    (0.35, "#7a4a33"),
    (0.7, "#c08a63"),
    (0.93, "#ecd0ae"),
    (1.0, "#fff6e8"),
)

_LIGHT = np.array([-0.52, -0.62, 0.59], np.float32)


def dome(  # noqa: PLR0913  a solid's measures
    sheet: Sheet,
    at: Point,
    across: float,
    down: float,
    *,
    colours: Stops,
    turn: float = 0.0,
    rough: float = 0.1,
    squareness: float = 2.0,
) -> tuple[Field, Field, Field]:
    """Shade a rounded solid; return its mask and its coordinates, -1 to 1 along its axes."""
    along, over = sheet.turned(at, turn)
    u, v = (along / across).astype(np.float32), (over / down).astype(np.float32)
    radius = np.abs(u) ** squareness + np.abs(v) ** squareness
    mask = 1 - step(radius, 0.96, 1.04)
    height = np.sqrt(np.clip(1 - radius, 0, 1)) + 0.12
    lumps = sheet.noise(9) - 0.5
    normal = np.stack([along / across, over / down, height], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-6
    shade = 0.42 + 0.5 * (normal @ _LIGHT) + rough * lumps
    sheet.lay(mask, ramp(np.clip(shade, 0, 1), colours))
    return mask, u, v


def loaf(  # noqa: PLR0913  a solid's measures
    sheet: Sheet,
    at: Point,
    across: float,
    down: float,
    *,
    turn: float = 0.0,
    cuts: int = 4,
    dust: float = 0.5,
) -> None:
    """Bake a long loaf: crust, slanted cuts that opened in the oven, flour on top."""
    sheet.shadow((at[0] + across * 0.08, at[1] + down * 0.85), across * 1.12, down * 0.45)
    mask, u, v = dome(sheet, at, across, down, colours=CRUST, turn=turn, rough=0.3, squareness=2.3)
    grain = sheet.noise(26, octaves=2)
    powder = step(grain - 0.25 * np.abs(v + 0.25), 0.52, 0.8) * dust
    sheet.lay(mask * powder * step(-v, -0.5, 0.4), "#f6e7cb")
    for cut in range(cuts):
        middle = (cut - (cuts - 1) / 2) * 1.5 / max(cuts, 2)
        slant = u - middle + 0.32 * v
        length = 1 - step(np.abs(v + 0.12), 0.42, 0.62)
        open_ = (1 - step(np.abs(slant), 0.05, 0.095)) * length * mask
        edge = (1 - step(np.abs(slant + 0.09), 0.02, 0.06)) * length * mask
        sheet.lay(open_ * 0.9, ramp(np.clip(0.62 + 0.3 * grain - 0.5 * v, 0, 1), CRUST))
        sheet.lay(edge * 0.75, "#4a210c")


def boule(sheet: Sheet, at: Point, across: float, down: float, *, dust: float = 0.8) -> None:
    """Bake a round loaf with an ear of wheat cut into it."""
    sheet.shadow((at[0] + across * 0.06, at[1] + down * 0.8), across * 1.15, down * 0.5)
    mask, u, v = dome(sheet, at, across, down, colours=CRUST, rough=0.34, squareness=2.15)
    grain = sheet.noise(30, octaves=2)
    rings = 0.5 + 0.5 * np.cos(26 * np.hypot(u, (v + 0.2) * 1.1))
    powder = step(grain * 0.6 + rings * 0.5, 0.5, 0.9) * step(-v, -0.75, 0.1)
    sheet.lay(mask * powder * dust, "#f7ead2")
    stem = (1 - step(np.abs(u + 0.05 * v), 0.018, 0.04)) * (1 - step(np.abs(v + 0.1), 0.5, 0.56))
    marks: list[Field] = [stem]
    for leaf in range(5):
        for side in (-1, 1):
            x, y = side * 0.2, -0.5 + 0.2 * leaf
            along = (u - x) * 0.62 * side - (v - y) * 0.78
            over = (u - x) * 0.78 * side + (v - y) * 0.62
            marks.append(1 - step(np.hypot(along / 0.2, over / 0.055), 0.8, 1.15))
    ear = np.max(marks, axis=0) * mask
    deep = np.roll(np.roll(ear, 3, axis=0), 3, axis=1)
    sheet.lay(np.clip(ear - deep, 0, 1) * 0.8, "#3c1a0a")
    sheet.lay(ear * deep * 0.9, ramp(np.clip(0.55 + 0.35 * grain - 0.12 * v, 0, 1), CRUST))


def vessel(sheet: Sheet, axis: float, outline: list[Point], colours: Stops) -> None:
    """Turn a vessel on the wheel: `outline` runs downwards, pairs of y and half-width."""
    ys, halves = zip(*outline, strict=True)
    half = np.interp(sheet.y, ys, halves).astype(np.float32)
    u = (sheet.x - axis) / np.maximum(half, 1e-3)
    mask = (1 - step(np.abs(u), 0.98, 1.02)) * step(sheet.y, ys[0] - 0.002, ys[0] + 0.002)
    facing = np.sqrt(np.clip(1 - u * u, 0, 1))
    foot = ys[-1] + 0.16 * halves[-1] * facing
    mask *= 1 - step(sheet.y, foot - 0.002, foot + 0.002)
    shade = 0.24 + 0.34 * facing - 0.3 * u + 0.1 * (sheet.noise(7) - 0.5)
    shine = np.exp(-(((u + 0.45) / 0.12) ** 2)) * 0.3
    sheet.lay(mask, ramp(np.clip(shade + shine, 0, 1), colours))


def bowl(sheet: Sheet, at: Point, across: float, depth: float, colours: Stops) -> None:
    """Set down a bowl, seen a little from above; `at` is the middle of its rim."""
    x, y = at
    sheet.shadow((x, y + depth), across * 1.05, depth * 0.5, 0.7)
    outline = [(y + depth * t, across * float(np.sqrt(max(0.0, 1 - t**2.6)))) for t in STEPS]
    vessel(sheet, x, [(place, max(half, across * 0.4)) for place, half in outline], colours)
    lip = across * 0.17
    sheet.lay(sheet.ellipse(at, across, lip), ramp(0.55 - 0.35 * (sheet.x - x) / across, colours))
    inside = sheet.ellipse((x, y + 0.003), across * 0.93, lip * 0.88)
    sheet.lay(inside, ramp(np.clip(0.28 + 0.25 * (sheet.x - x) / across, 0, 1), colours))


STEPS = tuple(float(place) for place in np.linspace(0, 1, 24))
