"""The curves of HDR, against figures from the recommendations they come from."""

import numpy as np
import pytest

from render.pictures import hdr

BT709, BT2020, P3 = 1, 9, 12
SDR, PQ, HLG = 1, 16, 18
KINDS = [(SDR, BT2020), (SDR, P3), (PQ, BT2020), (PQ, BT709), (PQ, P3), (HLG, BT2020)]


def converted(*colour: float, transfer: int, primaries: int) -> np.ndarray:
    return hdr.to_bt709(np.array([colour], np.float32), transfer=transfer, primaries=primaries)[0]


@pytest.mark.parametrize(
    ("transfer", "primaries", "wanted"),
    [(1, 1, False), (2, 2, False), (6, 6, False), (13, 1, False), (16, 9, True), (18, 9, True),
     (14, 9, True), (13, 12, True), (16, 2, True)],
)  # fmt: skip
def test_only_what_differs_from_bt709_is_converted(
    transfer: int, primaries: int, wanted: bool
) -> None:
    assert hdr.is_beyond_bt709(transfer=transfer, primaries=primaries) is wanted


@pytest.mark.parametrize(("transfer", "primaries"), KINDS)
def test_grey_stays_grey_and_brighter_stays_brighter(transfer: int, primaries: int) -> None:
    greys = np.repeat(np.linspace(0, 1, 500, dtype=np.float32)[:, None], 3, axis=1)
    shown = hdr.to_bt709(greys, transfer=transfer, primaries=primaries)
    assert np.ptp(shown, axis=1).max() < 1e-3
    assert np.diff(shown[:, 1]).min() > -1e-4
    assert shown[0].max() < 1e-3
    assert shown[-1].min() > 0.999


def test_the_darker_half_of_hdr_is_left_as_it_is() -> None:
    # 50 cd/m² in PQ; on a screen of 203 cd/m² and gamma 2.4 the same light.
    assert converted(0.44028, 0.44028, 0.44028, transfer=PQ, primaries=BT2020) == pytest.approx(
        [(50 / 203) ** (1 / 2.4)] * 3, abs=0.002
    )


def test_a_bright_highlight_keeps_its_hue() -> None:
    # 1,000 cd/m² of a warm light.
    red, green, blue = converted(0.75, 0.68, 0.55, transfer=PQ, primaries=BT709)
    assert red > 0.97
    assert red > green + 0.1 > blue + 0.2


def test_bt2020_inside_bt709_is_the_same_colour_in_other_numbers() -> None:
    # BT.709's primary red in BT.2020's linear terms, by ITU-R BT.2087's matrix.
    linear = np.array([0.6274, 0.0691, 0.0164])
    shown = converted(*(linear ** (1 / 2.4)), transfer=SDR, primaries=BT2020)
    assert shown == pytest.approx([1, 0, 0], abs=0.07)


@pytest.mark.parametrize(("transfer", "primaries"), KINDS)
def test_the_table_says_what_the_formulas_say(transfer: int, primaries: int) -> None:
    head, *rows = hdr.table(transfer=transfer, primaries=primaries).splitlines()
    side = int(head.removeprefix("LUT_3D_SIZE "))
    lattice = np.array([row.split() for row in rows], np.float32).reshape(side, side, side, 3)
    for blue, green, red in [(0, 0, 0), (32, 32, 32), (5, 17, 30), (30, 2, 11)]:
        wanted = converted(red / 32, green / 32, blue / 32, transfer=transfer, primaries=primaries)
        assert lattice[blue, green, red] == pytest.approx(wanted, abs=1e-4)
