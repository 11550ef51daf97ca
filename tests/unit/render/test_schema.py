"""Patterns as they are published: what Python refuses by them, a reader in JavaScript does."""

import msgspec
import pytest

from render.cast import CastName
from render.turns import SpeakerName

WHITE_TO_PYTHON_ONLY = "\x1c\x1d\x1e\x1f\x85"
WHITE_TO_ECMASCRIPT_ONLY = "\ufeff"


@pytest.mark.parametrize("name", [SpeakerName, CastName])
@pytest.mark.parametrize("blank", [*WHITE_TO_PYTHON_ONLY, *WHITE_TO_ECMASCRIPT_ONLY, *" \t\xa0"])
def test_no_name_begins_with_what_either_dialect_calls_white(name: type[str], blank: str) -> None:
    assert msgspec.convert("Ada", name) == "Ada"
    with pytest.raises(msgspec.ValidationError, match="matching regex"):
        msgspec.convert(f"{blank}Ada", name)
    [pattern] = [schema["pattern"] for schema in [msgspec.json.schema(name)]]
    for escape in (r"\x00-\x1f", r"\x85", r"\ufeff"):
        assert escape in pattern
