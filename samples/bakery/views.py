"""The views: what each scene of the bakery's film shows, from the lane at night to the loaf.

Each is a sketch of 4:3, so that a wide frame and an upright one both find enough of
it. What matters stands where the storyboard's focus says, and lets the lowest third
be, where words go.
"""

from collections.abc import Callable
from math import cos, sin, tau

import numpy as np

from samples.bakery.bread import BLUE, CLAY, DOUGH, FLOUR, boule, bowl, dome, loaf, vessel
from samples.bakery.motifs import arch, boards, box, facade, hills, house, sky, smoke, stars, window
from samples.bakery.sheet import Sheet, ramp, step

_LIT = "#ffcf6b"


def lane() -> Sheet:
    """Before dawn: a row of sleeping houses, and one window that glows."""
    sheet = Sheet(11)
    sky(sheet, ((0, "#0b1430"), (0.45, "#1f3a66"), (0.62, "#5b6a8c"), (0.72, "#c98f74")))
    stars(sheet, 90, below=0.45)
    hills(sheet, ((0.52, 0.05, "#2b3d63"), (0.58, 0.05, "#1d2c4c"), (0.64, 0.03, "#141f38")))
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
        house(sheet, left, wide, top, wall, roof="#0f1730")
    house(sheet, 0.27, 0.26, 0.36, "#3a3350", roof="#191a30", chimney=True)
    smoke(sheet, (0.46, 0.25), lean=0.16, high=0.22, over="#7d86a3", strength=0.5)
    ground = step(sheet.y + 0.01 * (sheet.noise(12) - 0.5), 0.735, 0.75)
    stones = 0.25 + 0.5 * sheet.noise(26, 70, octaves=2) * (1.3 - sheet.y)
    sheet.lay(ground, ramp(stones, ((0, "#0b1122"), (0.5, "#1c2742"), (1, "#4a5674"))))
    for x, y, wide, high in ((0.315, 0.56, 0.075, 0.1), (0.435, 0.56, 0.045, 0.17)):
        sheet.glow((x + wide / 2, y + high / 2), 0.16, "#ff9d3c", 0.42)
        window(sheet, x, y, wide, high)
    spill = sheet.polygon((0.31, 0.74), (0.49, 0.74), (0.72, 1.0), (0.16, 1.0), soft=0.025)
    sheet.lay(spill * (0.25 + 0.5 * sheet.noise(24, 60, octaves=2)) * 0.8, "#f3a54a")
    window(sheet, 0.345, 0.43, 0.035, 0.055, strength=0.75)
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
    boards(sheet, 0.52, light=0.62)
    # A sack that stands open, the jug, the salt, and the heap they are meant for.
    sheet.shadow((0.2, 0.66), 0.24, 0.07)
    outline = [(0.3, 0.1), (0.36, 0.125), (0.45, 0.15), (0.58, 0.165), (0.655, 0.15)]
    vessel(sheet, 0.19, outline, ((0, "#3d3124"), (0.5, "#9c8461"), (1, "#efdcb6")))
    sheet.lay(sheet.ellipse((0.19, 0.3), 0.105, 0.026), "#6f5b41")
    dome(sheet, (0.19, 0.292), 0.088, 0.03, colours=FLOUR, rough=0.1)
    sheet.lay(
        sheet.polygon((0.13, 0.46), (0.25, 0.46), (0.25, 0.54), (0.13, 0.54)) * 0.35, "#8a4a30"
    )
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


def night() -> Sheet:
    """A long night over the valley: moon, stars, one light far below."""
    sheet = Sheet(37)
    sky(sheet, ((0, "#050a1e"), (0.4, "#0f2148"), (0.7, "#274a78"), (0.85, "#4a6a90")))
    along, over = sheet.turned((0.75, 0.3), 32)
    band = np.exp(-((over / 0.13) ** 2)) * sheet.noise(7) * (0.7 + 0.3 * np.cos(along * 3))
    sheet.lay(band * 0.4, "#8ea3d6")
    stars(sheet, 420, below=0.72)
    sheet.glow((0.93, 0.22), 0.3, "#5f7fc0", 0.55)
    sheet.lay(sheet.ellipse((0.93, 0.22), 0.07, 0.07), "#f6efd8")
    craters = step(sheet.noise(16), 0.52, 0.75) * sheet.ellipse((0.93, 0.22), 0.066, 0.066)
    sheet.lay(craters * 0.4, "#c8bfa6")
    clouds = step(sheet.noise(2.5, 9), 0.5, 0.85) * np.exp(-(((sheet.y - 0.47) / 0.12) ** 2))
    sheet.lay(clouds * 0.45, "#7f97c4")
    hills(
        sheet,
        ((0.6, 0.09, "#2c4a78"), (0.68, 0.08, "#1d3459"), (0.77, 0.06, "#12233f")),
    )
    for place in range(9):
        x = 0.3 + 0.045 * place + 0.012 * sin(place * 2.3)
        house(
            sheet, x, 0.038, 0.735 + 0.012 * cos(place * 1.9), "#0d1a33", roof="#081124", foot=0.79
        )
    sheet.glow((0.505, 0.772), 0.07, "#ffab4a", 0.6)
    sheet.lay(sheet.polygon((0.5, 0.765), (0.511, 0.765), (0.511, 0.779), (0.5, 0.779)), _LIT)
    hills(sheet, ((0.85, 0.06, "#0a1529"),))
    sheet.vignette(0.3)
    return sheet


def dough() -> Sheet:
    """By five: the dough has risen over its bowl, and the window is turning blue."""
    sheet = Sheet(41)
    plaster = 0.5 - 0.25 * (sheet.x - 0.6) + 0.2 * sheet.noise(3)
    sheet.lay(1.0, ramp(plaster, ((0, "#2b2a33"), (0.5, "#595261"), (1, "#8d8089"))))
    x, y, wide, high = 0.1, 0.04, 0.4, 0.44
    frame = sheet.polygon(*box(x - 0.025, y - 0.03, wide + 0.05, high + 0.06))
    sheet.lay(frame, "#3a2c29")
    pane = sheet.polygon(*box(x, y, wide, high))
    sheet.lay(
        pane,
        ramp(
            sheet.y / 0.5 + 0.06 * sheet.noise(5),
            ((0, "#27407a"), (0.55, "#6f88bb"), (0.8, "#e2ab8b"), (1, "#ffd9a0")),
        ),
    )
    ridge = step(sheet.y + 0.04 * sheet.noise(4, 1), 0.43, 0.435) * pane
    sheet.lay(ridge, "#2c3c60")
    for bar in (box(x + wide / 2 - 0.008, y, 0.016, high), box(x, y + 0.2, wide, 0.014)):
        sheet.lay(sheet.polygon(*bar), "#3a2c29")
    sheet.lay(sheet.polygon(*box(x - 0.05, y + high + 0.02, wide + 0.1, 0.03)), "#6d5546")
    boards(sheet, 0.6, light=0.42)
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
    sky(sheet, ((0, "#5f7fae"), (0.3, "#b9b6bd"), (0.5, "#f6c98c"), (0.62, "#fff0c4")))
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
            facade(sheet, end, side, place, walls[(place * 2 + side) % len(walls)])
    smoke(sheet, (0.3, 0.2), lean=0.22, high=0.2, over="#fff2dc", strength=0.75)
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
        plank = sheet.polygon(*box(-0.05, level, 1.5, 0.028))
        grain = sheet.noise(3, 90, octaves=2)
        sheet.lay(plank, ramp(grain, ((0, "#5d3a1e"), (1, "#b98550"))))
        lip = sheet.polygon(*box(-0.05, level + 0.028, 1.5, 0.022))
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
    boards(sheet, 0.6, light=0.5)
    sheet.shadow((0.7, 0.66), 0.44, 0.08, 0.7)
    board = sheet.ellipse((0.68, 0.63), 0.38, 0.075)
    rings = 0.5 + 0.3 * np.sin(sheet.y * 260 + 5 * sheet.noise(3)) * sheet.noise(6)
    sheet.lay(sheet.ellipse((0.68, 0.655), 0.38, 0.075), "#4d2d17")
    sheet.lay(board, ramp(rings, ((0, "#8a5a30"), (1, "#d9a868"))))
    boule(sheet, (0.68, 0.475), 0.262, 0.185, dust=0.75)
    for spot in range(26):
        angle = tau * spot / 26 + float(sheet.random.uniform(-0.1, 0.1))
        far = float(sheet.random.uniform(0.28, 0.35))
        place = (0.68 + far * cos(angle), 0.635 + 0.055 * abs(sin(angle)))
        size = float(sheet.random.uniform(0.003, 0.008))
        sheet.lay(sheet.ellipse(place, size, size * 0.6, soft=0.002), "#c98b45")
    for x, lean in ((0.6, -0.05), (0.69, 0.06), (0.78, 0.02)):
        smoke(sheet, (x, 0.34), lean=lean, high=0.28, over="#fff1dd", strength=0.4, wide=0.02)
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
    arch(sheet, 0.475, 0.365, "#7d452b")
    distance = np.hypot(sheet.x - 8 / 9, np.minimum(sheet.y - 0.56, 0))
    angle = np.arctan2(sheet.y - 0.56, sheet.x - 8 / 9)
    wedge = np.abs((angle / 0.15) - np.rint(angle / 0.15))
    stone = (step(distance, 0.364, 0.367) - step(distance, 0.474, 0.477)) * step(wedge, 0.44, 0.48)
    sheet.lay(stone * 0.75, "#24120b")
    arch(sheet, 0.365, 0.0, "#0d0403")
    sill = sheet.polygon(*box(0.33, 0.86, 1.12, 0.07))
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
