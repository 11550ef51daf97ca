from fractions import Fraction

import pytest

from render.errors import InvalidStoryboard
from render.rendition import (
    FRAME_RATES,
    Codec,
    Grade,
    Quality,
    frame_rate,
    profile_for,
    rate_name,
)
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


def test_smaller_ones_have_720_and_360_lines() -> None:
    small = [profile_for(AspectRatio.PORTRAIT, quality) for quality in Quality]
    assert [profile.width for profile in small] == [1080, 720, 360]
    assert [profile.name for profile in small] == ["portrait", "portrait-hd", "portrait-preview"]


def test_profiles_differ_by_name() -> None:
    names = {profile_for(ratio, quality).name for ratio in AspectRatio for quality in Quality}
    assert len(names) == len(AspectRatio) * len(Quality)


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize("codec", list(Codec))
def test_rate_and_codec_are_the_profiles_and_in_its_name(codec: Codec, fps: Fraction) -> None:
    profile = profile_for(AspectRatio.PORTRAIT, codec=codec, fps=fps)
    assert (profile.codec, profile.fps) == (codec, fps)
    assert ("-" in profile.name) == (codec is not Codec.H264 or fps != 30)


@pytest.mark.parametrize("codec", list(Codec))
def test_a_better_grade_has_a_lower_factor_and_a_name_of_its_own(codec: Codec) -> None:
    profiles = [profile_for(AspectRatio.SQUARE, codec=codec, grade=grade) for grade in Grade]
    factors = [profile.crf for profile in profiles]
    assert factors == sorted(factors, reverse=True)
    assert len(set(factors)) == len({profile.name for profile in profiles}) == len(Grade)
    assert profiles[1] == profile_for(AspectRatio.SQUARE, codec=codec)


def test_every_codec_has_a_rate_factor_of_its_own() -> None:
    factors = {profile_for(AspectRatio.SQUARE, codec=codec).crf for codec in Codec}
    assert len(factors) == len(Codec)


@pytest.mark.parametrize("fps", [0, -30, 15, 29, 120])
def test_an_odd_rate_is_refused_in_words(fps: int) -> None:
    with pytest.raises(InvalidStoryboard, match=r"50, 59\.94 or 60 frames") as error:
        profile_for(AspectRatio.LANDSCAPE, fps=fps)
    assert error.value.params["fps"] == str(fps)


@pytest.mark.parametrize(
    ("told", "rate"),
    [
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("24000/1001", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("30", Fraction(30)),
        ("59.94", Fraction(60000, 1001)),
        ("60.00", Fraction(60)),
    ],
)
def test_a_rate_has_the_names_that_people_give_it(told: str, rate: Fraction) -> None:
    assert frame_rate(told) == rate
    assert frame_rate(rate_name(rate)) == rate


@pytest.mark.parametrize(
    "told", ["", "29.976", "1e999999999", "30/0", "nan", "-30", "\u0663\u0660"]
)
def test_what_names_no_rate_is_refused(told: str) -> None:
    with pytest.raises(InvalidStoryboard):
        frame_rate(told)
