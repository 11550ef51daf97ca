from decimal import Decimal

import pytest

from cms_bridge.estimates import OFFLINE, Prices, estimate
from cms_bridge.money import ceiling, dollars, micros, rounded
from render.generation.requests import image_request, request_digest, speech_request
from render.storyboard import Scene, Storyboard

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


def test_what_exists_is_part_of_the_total_and_not_of_the_difference() -> None:
    storyboard = board(TALKING, SILENT)
    picture = request_digest(image_request(storyboard, TALKING))
    speech = request_digest(speech_request(storyboard, TALKING))
    for existing, due in (({picture}, "0.001"), ({speech}, "0.04"), ({picture, speech}, "0")):
        priced = estimate(storyboard, PRICES, existing=frozenset(existing))
        assert priced.scenes[0].due == Decimal(due)
        assert priced.difference == Decimal(due) + Decimal("0.04")
        assert priced.total == Decimal("0.081")


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
