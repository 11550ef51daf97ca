import hashlib
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms_bridge.pricing.amounts import ceiling, dollars, micros, rounded
from cms_bridge.pricing.estimates import OFFLINE, Prices, estimate, prices_of
from cms_bridge.pricing.made import brought_for, made_for
from render.cast import CastMember
from render.generation.base import Kind
from render.generation.models import ModelsConfig
from render.generation.prices import Price
from render.generation.prompts import clip_prompt
from render.generation.requests import (
    answer_digest,
    clip_request,
    digests,
    image_request,
    music_request,
    own_digests,
    request_digest,
    speech_request,
    whole_digest,
)
from render.own import Upload
from render.storyboard import (
    AspectRatio,
    Clip,
    Gradient,
    Motion,
    Music,
    Palette,
    Scene,
    Solid,
    Storyboard,
)

PRICES = Prices(
    picture=lambda _: Decimal("0.04"),
    narration=lambda request: Decimal("0.0001") * len(request.text),
)


def board(*scenes: Scene) -> Storyboard:
    return Storyboard(title="T", scenes=scenes)


TALKING = Scene(id="a", narration="0123456789", picture_prompt="A boat")
SILENT = Scene(id="b", narration="  \n", picture_prompt="A sea")


def test_a_storyboard_costs_what_its_scenes_cost() -> None:
    priced = estimate(board(TALKING, SILENT), PRICES)
    assert [(one.scene_id, one.picture, one.narration) for one in priced.scenes] == [
        ("a", Decimal("0.04"), Decimal("0.001")),
        ("b", Decimal("0.04"), Decimal(0)),
    ]
    assert priced.total == priced.difference == Decimal("0.081")
    assert priced.storyboard_digest == board(TALKING, SILENT).digest


@pytest.mark.parametrize(
    "background", [Solid(colour="#14213d"), Gradient(start="#14213d", end="#fca311")]
)
def test_a_scene_with_a_background_has_no_picture_to_pay(background: Solid | Gradient) -> None:
    plain = msgspec.structs.replace(TALKING, background=background)
    priced = estimate(board(plain), PRICES)
    assert priced.scenes[0].picture == 0
    assert priced.total == priced.difference == Decimal("0.001")
    assert priced.usual == priced.usual_difference == Decimal("0.001")


def test_what_is_made_for_a_scene() -> None:
    plain = Solid(colour="#14213d")
    assert made_for(TALKING) == (Kind.PICTURE, Kind.NARRATION)
    assert made_for(SILENT) == (Kind.PICTURE,)
    assert made_for(msgspec.structs.replace(TALKING, background=plain)) == (Kind.NARRATION,)
    assert made_for(msgspec.structs.replace(SILENT, background=plain)) == ()


def test_what_people_bring_is_made_by_nobody_and_costs_nothing() -> None:
    own = Upload(asset_id=UUID(int=1))
    shown = msgspec.structs.replace(TALKING, picture=own)
    heard = msgspec.structs.replace(TALKING, narration_file=own)
    moving = msgspec.structs.replace(TALKING, clip=Clip(own=own))
    assert made_for(shown) == (Kind.NARRATION,)
    assert made_for(heard) == (Kind.PICTURE,)
    assert made_for(moving) == (Kind.NARRATION,)
    assert [brought_for(one) for one in (shown, heard, moving)] == [
        (Kind.PICTURE,),
        (Kind.NARRATION,),
        (Kind.CLIP,),
    ]
    whole = msgspec.structs.replace(shown, narration_file=own)
    priced = estimate(board(whole), PRICES)
    assert priced.total == priced.difference == priced.usual == priced.usual_difference == 0


def test_a_clip_that_is_made_of_ones_own_picture_is_another_one_for_another_picture() -> None:
    moving = msgspec.structs.replace(TALKING, motion=Motion.GENERATED)
    asked = {
        request_digest(clip_request(board(scene), scene, seconds=3))
        for scene in (
            moving,
            msgspec.structs.replace(moving, picture=Upload(asset_id=UUID(int=1))),
            msgspec.structs.replace(moving, picture=Upload(asset_id=UUID(int=2))),
        )
    }
    assert len(asked) == 3


FACE = Upload(asset_id=UUID(int=1))
CAST = Storyboard(
    title="T",
    cast=(CastMember(name="Mira", references=(FACE, FACE)),),
    scenes=(
        Scene(id="s1", picture_prompt="Mira at her oven"),
        Scene(id="s2", picture_prompt="An empty street"),
        Scene(id="s3", picture_prompt="Mira asleep"),
        Scene(id="s4", picture_prompt="Mira", background=Solid(colour="#14213d")),
    ),
)


@pytest.mark.parametrize(
    ("draws", "most", "scenes"),
    [
        (ModelsConfig().replicate_images, 0, "1, 3"),
        ("black-forest-labs/flux-kontext-pro", 1, "1, 3"),
        ("bytedance/seedream-4", 10, ""),
    ],
)
def test_references_that_will_be_words_are_told_before_the_price(
    draws: str, most: int, scenes: str
) -> None:
    config = ModelsConfig(replicate_images=draws, prices={draws: Price(per_image=Decimal("0.04"))})
    prices = prices_of(config, gemini=False, replicate=True)
    warned = [(one.code, one.params) for one in estimate(CAST, prices).warnings]
    told = {"model": draws, "most": most, "scenes": scenes}
    assert warned == ([("references_not_shown", told)] if scenes else [])
    # What exists is bought no more, and nobody draws offline.
    drawn = digests(image_request(CAST, CAST.scenes[0])) | digests(
        image_request(CAST, CAST.scenes[2])
    )
    assert estimate(CAST, prices, existing=drawn).warnings == ()
    assert estimate(CAST, OFFLINE).warnings == ()


def test_of_what_is_due_the_part_for_motion_is_told() -> None:
    prices = prices_of(ModelsConfig(), gemini=False, replicate=True)
    (priced,) = estimate(board(MOVING), prices).scenes
    assert priced.clip_due == priced.clip == priced.due - priced.picture
    made = digests(clip_request(board(MOVING), MOVING, seconds=4))
    (left,) = estimate(board(MOVING), prices, existing=made).scenes
    assert (left.clip_due, left.usual_clip_due, left.due) == (0, 0, priced.picture)


MOVING = Scene(id="s1", picture_prompt="A loaf", motion=Motion.GENERATED, duration=4)
HEARD = msgspec.structs.replace(MOVING, clip_sound=True)


@pytest.mark.parametrize(
    ("clips", "silent", "heard", "told"),
    [
        ("bytedance/seedance-1.5-pro", "0.24", "0.48", []),
        ("kwaivgi/kling-v3-video", "0.672", "0.672", ["clip_sound_not_made"]),
        ("google/veo-3.1-lite", "0.2", "0.2", ["clip_sound_not_made"]),
    ],
)
def test_sound_is_priced_where_the_model_makes_it_and_else_told_before_the_price(
    clips: str, silent: str, heard: str, told: list[str]
) -> None:
    prices = prices_of(ModelsConfig(replicate_clips=clips), gemini=False, replicate=True)
    plain, loud = (estimate(board(scene), prices) for scene in (MOVING, HEARD))
    assert (plain.scenes[0].clip, plain.warnings) == (Decimal(silent), ())
    assert loud.scenes[0].clip == Decimal(heard)
    assert [problem.code for problem in loud.warnings] == told
    assert all(problem.params == {"scene": 1} for problem in loud.warnings)


def test_a_clip_without_sound_is_known_by_its_old_name_and_one_with_sound_serves_for_it() -> None:
    silent, heard = (
        clip_request(board(scene), scene, seconds=3, sounds=True) for scene in (MOVING, HEARD)
    )
    cannot = clip_request(board(HEARD), HEARD, seconds=3, sounds=False)
    asked = {
        "clip": clip_prompt(silent),
        "first": silent.still,
        "aspect_ratio": "16:9",
    }
    told = hashlib.sha256(msgspec.json.encode(asked, order="sorted")).hexdigest()
    assert request_digest(silent) == request_digest(cannot) == told
    assert request_digest(heard) in digests(silent)
    assert own_digests(silent) == {request_digest(silent)}
    assert digests(heard) == {request_digest(heard)} != {told}


def test_what_exists_is_part_of_the_total_and_not_of_the_difference() -> None:
    storyboard = board(TALKING, SILENT)
    picture = request_digest(image_request(storyboard, TALKING))
    speech = request_digest(speech_request(storyboard, TALKING))
    for existing, due in (({picture}, "0.001"), ({speech}, "0.04"), ({picture, speech}, "0")):
        priced = estimate(storyboard, PRICES, existing=frozenset(existing))
        assert priced.scenes[0].due == Decimal(due)
        assert priced.difference == Decimal(due) + Decimal("0.04")
        assert priced.total == Decimal("0.081")


@given(st.permutations(range(4)))
def test_scenes_that_change_places_cost_nothing_again(order: list[int]) -> None:
    scenes = [Scene(id=f"s{n}", narration=f"Line {n}", picture_prompt=f"Boat {n}") for n in order]
    before = board(*sorted(scenes, key=lambda scene: scene.id))
    existing = frozenset(
        request_digest(request)
        for scene in before.scenes
        for request in (image_request(before, scene), speech_request(before, scene))
    )
    assert estimate(board(*scenes), PRICES, existing=existing).difference == 0


@pytest.mark.parametrize("change", [{"title": "Another"}, {"palette": Palette(accent="#000000")}])
def test_what_only_a_card_shows_has_no_price(change: dict[str, object]) -> None:
    before = board(TALKING)
    after = msgspec.structs.replace(before, **change)
    was, now = image_request(before, TALKING), image_request(after, TALKING)
    assert request_digest(now) == request_digest(was)
    assert whole_digest(now) not in digests(was)


@pytest.mark.parametrize("change", [{"style": "Ink"}, {"aspect_ratio": AspectRatio.PORTRAIT}])
def test_what_a_model_is_asked_has(change: dict[str, object]) -> None:
    before = board(TALKING)
    existing = frozenset({request_digest(image_request(before, TALKING))})
    changed = msgspec.structs.replace(before, **change)
    assert estimate(changed, PRICES, existing=existing).scenes[0].due == Decimal("0.041")


def test_a_placeholder_is_kept_under_all_that_it_shows() -> None:
    asked = image_request(board(TALKING), TALKING)
    assert answer_digest(asked, placeholder=True) == whole_digest(asked)
    assert answer_digest(asked, placeholder=False) == request_digest(asked)
    assert len(digests(asked)) == 2


def test_the_usual_price_is_that_of_the_model_asked_first_and_never_above_the_bound() -> None:
    priced = estimate(board(TALKING), prices_of(ModelsConfig(), gemini=True, replicate=True))
    first = estimate(
        board(TALKING),
        prices_of(
            ModelsConfig(
                gemini=msgspec.structs.replace(ModelsConfig().gemini, fallback=""),
            ),
            gemini=True,
            replicate=False,
        ),
    )
    assert 0 < priced.usual == first.total < priced.total
    assert priced.usual_difference == priced.usual
    (scene,) = priced.scenes
    assert scene.usual_due <= scene.due


def test_with_one_price_the_usual_one_is_the_bound() -> None:
    priced = estimate(board(TALKING, SILENT), PRICES)
    assert priced.usual == priced.total
    assert priced.usual_difference == priced.difference


def test_music_is_priced_once_a_film_and_costs_nothing_once_it_is_there() -> None:
    scored = msgspec.structs.replace(board(TALKING, SILENT), music=Music(prompt="A guitar"))
    prices = prices_of(ModelsConfig(), gemini=True, replicate=True)
    silent, priced = estimate(board(TALKING, SILENT), prices), estimate(scored, prices)
    assert silent.music is None
    assert priced.music
    assert (priced.music.most, priced.music.usual) == (Decimal("0.2"), Decimal("0.08"))
    assert priced.total - silent.total == Decimal("0.2")
    assert priced.usual - silent.usual == Decimal("0.08")
    asked = music_request(scored, seconds=1)
    assert asked
    there = estimate(scored, prices, existing=frozenset({request_digest(asked)}))
    assert there.difference == silent.difference
    assert there.usual_difference == silent.usual_difference
    of_pictures = estimate(scored, prices, kinds=[Kind.PICTURE])
    assert of_pictures.music is None


def test_offline_work_is_free() -> None:
    assert estimate(board(TALKING), OFFLINE).total == 0


def test_parts_of_a_micro_dollar_are_set_aside_as_a_whole_one() -> None:
    assert ceiling(Decimal("0.0000001")) == Decimal("0.000001")
    assert rounded(Decimal("0.0000004")) == 0


@pytest.mark.parametrize("amount", ["0", "0.000001", "0.1", "999999.999999"])
def test_micro_dollars_lose_nothing(amount: str) -> None:
    assert dollars(micros(Decimal(amount))) == Decimal(amount)


@pytest.mark.parametrize("amount", ["-0.000001", "1e6", "1e40", "NaN", "sNaN", "Infinity"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    for taken in (ceiling, rounded):
        with pytest.raises(ValueError, match="from 0 to"):
            taken(Decimal(amount))
