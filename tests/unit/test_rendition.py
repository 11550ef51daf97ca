from fractions import Fraction

import pytest

from render.rendition import Quality, profile_for
from render.storyboard import AspectRatio


@pytest.mark.parametrize(
    ("ratio", "size"),
    [
        (AspectRatio.LANDSCAPE, (1920, 1080)),
        (AspectRatio.PORTRAIT, (1080, 1920)),
        (AspectRatio.SQUARE, (1080, 1080)),
    ],
)
def test_what_is_published_has_1080_lines_and_30_frames(
    ratio: AspectRatio, size: tuple[int, int]
) -> None:
    profile = profile_for(ratio)
    assert (profile.width, profile.height, profile.fps) == (*size, 30)


@pytest.mark.parametrize("ratio", list(AspectRatio))
@pytest.mark.parametrize("quality", list(Quality))
def test_every_profile_has_its_shape_and_fits_the_chroma_grid(
    ratio: AspectRatio, quality: Quality
) -> None:
    profile = profile_for(ratio, quality)
    across, down = ratio.split(":")
    assert Fraction(profile.width, profile.height) == Fraction(int(across), int(down))
    assert profile.width % 2 == profile.height % 4 == 0


def test_profiles_differ_by_name() -> None:
    names = {profile_for(ratio, quality).name for ratio in AspectRatio for quality in Quality}
    assert len(names) == len(AspectRatio) * len(Quality)
