import pytest

from tools.specs import SPECS, generate


@pytest.mark.parametrize(("name", "content"), generate().items())
def test_generated_specs_are_up_to_date(name: str, content: str) -> None:
    assert (SPECS / name).read_text(encoding="utf-8") == content, "run `make specs`"


@pytest.mark.parametrize(("name", "content"), generate().items())
def test_no_description_is_indented(name: str, content: str) -> None:
    # Python 3.13 takes the indentation out of docstrings and older ones do not: specs made by one
    # would not be those of another.
    assert "\\n " not in content, name
