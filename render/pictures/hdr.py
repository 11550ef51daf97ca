"""Light beyond BT.709: HDR and wide-gamut signals brought to what every screen shows.

    signal ─► light ─► tone curve ─► BT.709's primaries ─► gamut ─► signal
    PQ, HLG   cd/m²    BT.2390       by chromaticities     in hue   BT.1886
    linear    a share                by chromaticities     in hue   sRGB

Reference white is 203 cd/m², as ITU-R BT.2408 has it, and becomes the BT.709
signal's full light; the curve of ITU-R BT.2390 (EETF, section 5.4.1) leaves the
darker half as it is and rolls everything up to 1,000 cd/m² off below it. That
curve takes the largest of a colour's three components, so that highlights keep
their hue. What is brighter is white. Colours more saturated than BT.709 can show
move towards the grey of the same luminance until they fit.

Curves: PQ is SMPTE ST 2084, HLG and its OOTF are ITU-R BT.2100, the display's
gamma is ITU-R BT.1886. Linear light, as renderers of computer graphics write it,
becomes what sRGB has for it (IEC 61966-2-1), as every viewer shows it. Tags are the
code points of ITU-T H.273, as FFmpeg has them. Signals are `float32` from 0 to 1,
full range, R'G'B' along the last axis.

Video takes the same way through a table of 33³ colours (`table`), made once.
"""

from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorPrimaries, ColorTrc

from render.pictures.colour import Floats

_Light: TypeAlias = npt.NDArray[np.floating[Any]]

_WHITE = 203.0
_PEAK = 1000.0
_GAMMA = 2.4
_TABLE_SIDE = 33

_CHROMATICITIES = {
    ColorPrimaries.BT709: (0.640, 0.330, 0.300, 0.600, 0.150, 0.060),
    ColorPrimaries.BT2020: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    ColorPrimaries.SMPTE432: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
"""x and y of red, green and blue; the white of all is D65. SMPTE 432 is Display P3."""
_D65 = (0.3127, 0.3290)

# SMPTE ST 2084.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
# ITU-R BT.2100, HLG; the OOTF's gamma is that of a display of 1,000 cd/m².
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_OOTF = 1.2


def is_beyond_bt709(*, transfer: int, primaries: int) -> bool:
    """Whether a signal with these tags is anything that BT.709 is not."""
    return transfer in {ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67, ColorTrc.LINEAR} or (
        primaries in _CHROMATICITIES and primaries != ColorPrimaries.BT709
    )


def to_bt709(signal: Floats, *, transfer: int, primaries: int) -> Floats:
    """Convert an R'G'B' signal into BT.709's; shapes stay."""
    if transfer == ColorTrc.SMPTE2084:
        light = _roll_off(_pq_light(signal))
    elif transfer == ColorTrc.ARIB_STD_B67:
        light = _roll_off(_hlg_light(signal))
    elif transfer == ColorTrc.LINEAR:
        light = signal
    else:
        light = np.maximum(signal, 0) ** _GAMMA
    if primaries in _CHROMATICITIES and primaries != ColorPrimaries.BT709:
        light = _into_gamut(light @ _conversion(primaries).T)
    shown = np.clip(light, 0, 1)
    if transfer == ColorTrc.LINEAR:
        curve = 1.055 * np.maximum(shown, 0.0031308) ** (1 / _GAMMA) - 0.055
        shown = np.where(shown <= 0.0031308, 12.92 * shown, curve)  # noqa: PLR2004  IEC 61966-2-1
    else:
        shown **= 1 / _GAMMA
    return shown.astype(np.float32)


def luminances(primaries: int) -> tuple[float, float, float]:
    """Return how much of white's luminance each primary has; BT.709's where they are not told."""
    known = primaries if primaries in _CHROMATICITIES else ColorPrimaries.BT709
    red, green, blue = _to_xyz(ColorPrimaries(known))[1].tolist()
    return red, green, blue


@cache
def table(*, transfer: int, primaries: int) -> str:
    """Return the same conversion as a `.cube` file: a lattice of colours, red running fastest."""
    steps = np.linspace(0, 1, _TABLE_SIDE, dtype=np.float32)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    lattice = np.stack([red, green, blue], axis=-1).reshape(-1, 3)
    rows = to_bt709(lattice, transfer=transfer, primaries=primaries).tolist()
    lines = (f"{red:.6f} {green:.6f} {blue:.6f}\n" for red, green, blue in rows)
    return f"LUT_3D_SIZE {_TABLE_SIDE}\n" + "".join(lines)


def _pq_light(signal: _Light) -> _Light:
    root = np.clip(signal, 0, 1) ** (1 / _M2)
    return 10_000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)


def _pq_signal(light: _Light | float) -> _Light:
    power = (np.asarray(light, np.float32) / 10_000) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


def _hlg_light(signal: _Light) -> _Light:
    clipped = np.clip(signal, 0, 1)
    scene = np.where(clipped <= 1 / 2, clipped**2 / 3, (np.exp((clipped - _C) / _A) + _B) / 12)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593], np.float32)
    return _PEAK * np.maximum(luminance, 1e-9)[..., None] ** (_OOTF - 1) * scene


def _roll_off(light: _Light) -> _Light:
    """Return light as a share of the BT.709 display's: ITU-R BT.2390's EETF."""
    brightest = np.clip(light.max(axis=-1, keepdims=True), 1e-6, _PEAK)
    top = _pq_signal(_PEAK)
    most = _pq_signal(_WHITE) / top
    knee = 1.5 * most - 0.5
    signal = _pq_signal(brightest) / top
    way = np.clip((signal - knee) / (1 - knee), 0, 1)
    rolled = (
        (2 * way**3 - 3 * way**2 + 1) * knee
        + (way**3 - 2 * way**2 + way) * (1 - knee)
        + (3 * way**2 - 2 * way**3) * most
    )
    mapped = _pq_light(np.where(signal < knee, signal, rolled) * top)
    return light * (mapped / brightest) / _WHITE


def _into_gamut(light: _Light) -> _Light:
    # The least step towards the grey of the same luminance that leaves nothing below zero.
    grey = np.maximum(light @ _to_xyz(ColorPrimaries.BT709)[1], 0)[..., None]
    lowest = np.minimum(light.min(axis=-1, keepdims=True), 0)
    saturation = grey / np.maximum(grey - lowest, 1e-9)
    return np.where(lowest < 0, grey + (light - grey) * saturation, light)


@cache
def _conversion(primaries: int) -> _Light:
    source = _to_xyz(ColorPrimaries(primaries))
    return np.linalg.solve(_to_xyz(ColorPrimaries.BT709), source)


@cache
def _to_xyz(primaries: ColorPrimaries) -> _Light:
    points = np.array([*_CHROMATICITIES[primaries], *_D65]).reshape(4, 2)
    xyz = np.column_stack([points, 1 - points.sum(axis=1)]) / points[:, 1:]
    colours = xyz[:3].T
    return colours * (np.linalg.inv(colours) @ xyz[3])
