"""The rules of model configuration: every fault is told at once, before anything is asked."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.errors import InvalidModels
from render.generation.models import SUCCESSORS, GeminiModelConfig, ModelsConfig
from render.generation.prices import PRICES, Price


def test_the_defaults_have_no_fault() -> None:
    assert ModelsConfig().faults() == []


def test_the_documents_own_names_stay_valid() -> None:
    config = GeminiModelConfig(primary="gemini-2.5-flash-image", fallback="gemini-pro")
    ModelsConfig(gemini=config).check()


def test_there_may_be_no_fallback() -> None:
    ModelsConfig(gemini=GeminiModelConfig(fallback="")).check()


def test_all_faults_are_told_at_once() -> None:
    config = ModelsConfig(
        gemini=GeminiModelConfig(
            primary="gemini-9", fallback="gemini-9", max_retries=0, retry_delay_ms=99
        ),
        replicate_images="someone/something",
        at_once=0,
    )
    with pytest.raises(InvalidModels) as raised:
        config.check()
    for said in ("must differ", "1 to 10", "100 to 10,000", "“gemini-9”", "“someone/something”",
                 "At least one"):  # fmt: skip
        assert said in str(raised.value)
    assert raised.value.params["faults"] == 6


@given(st.integers(-5, 20), st.integers(0, 12_000))
def test_retries_and_delay_have_their_bounds(retries: int, delay: int) -> None:
    faults = GeminiModelConfig(max_retries=retries, retry_delay_ms=delay).faults()
    assert len(faults) == (not 1 <= retries <= 10) + (not 100 <= delay <= 10_000)


def test_a_price_of_ones_own_makes_a_model_known() -> None:
    own = Price(per_image=Decimal("0.5"))
    config = ModelsConfig(replicate_images="someone/something", prices={"someone/something": own})
    config.check()
    assert config.price("someone/something") == own


@pytest.mark.parametrize(
    "name", [field.name for field in msgspec.structs.fields(ModelsConfig) if field.type is str]
)
def test_no_model_is_asked_whose_price_is_not_known(name: str) -> None:
    config = msgspec.structs.replace(ModelsConfig(), **{name: "someone/something"})
    assert ["“someone/something”" in fault for fault in config.faults()] == [True]


def test_successors_are_not_retired_themselves() -> None:
    assert not SUCCESSORS.keys() & set(SUCCESSORS.values())
    assert {SUCCESSORS["gemini-pro"], SUCCESSORS["gemini-2.5-flash-image"]} <= PRICES.keys()
