import pytest

from tools.specs import SPECS, generate


@pytest.mark.parametrize(("name", "content"), generate().items())
def test_generated_specs_are_up_to_date(name: str, content: str) -> None:
    assert (SPECS / name).read_text(encoding="utf-8") == content, "run `make specs`"
