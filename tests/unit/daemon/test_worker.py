"""The daemon's composition: what it opens gets all that it can be given."""

import ast
import inspect

from daemon import worker
from render.generation.providers import open_providers


def test_the_providers_are_given_everything_that_they_can_be_given() -> None:
    """A key that is read and not handed on would price calls that nobody ever makes."""
    (call,) = (
        node
        for node in ast.walk(ast.parse(inspect.getsource(worker)))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "open_providers"
    )
    parameters = inspect.signature(open_providers).parameters.values()
    assert {keyword.arg for keyword in call.keywords} == {
        one.name for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY
    }
