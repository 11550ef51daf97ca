"""Secrets are compared in constant time: by `hmac.compare_digest`, or by the library's own way."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

_SECRET = re.compile(
    r"signature|secret|token|ticket|passw|credential|api_?key|hmac|\bmac\b|presented",
    re.IGNORECASE,
)
_SIGNING = {"hmac", "standardwebhooks"}

HARMLESS = {
    # The sum that tells a mistyped key apart: anybody can make it.
    "_checksum(presented[:-_CHECK_CHARS]) != presented[-_CHECK_CHARS:]",
    # Names of parameters, columns and options; no values.
    "'data' in handler.parsed_fn_signature.parameters",
    "_CALLER in handler.parsed_fn_signature.parameters",
    "_TICKETED in handler.opt",
    "TICKET in request.query_params",
    "ApiKey.id == key",
    # What a provider's answer says is wrong.
    "detail.get('reason') == 'API_KEY_INVALID'",
}
COMPARING = {
    "access/keyring.py",
    "access/sessions.py",
    "access/tickets.py",
    "inbox/webhooks.py",
    "storage/links.py",
}
"""Where a stranger's secret meets ours."""


def modules() -> Iterator[Path]:
    for package in ("cms_bridge", "daemon", "render"):
        yield from sorted((ROOT / package).rglob("*.py"))


def comparisons(source: str) -> Iterator[str]:
    """Yield every comparison of something that is named as a secret by `==`, `in` and the like."""
    equal = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(isinstance(one, equal) for one in node.ops):
            sides = [node.left, *node.comparators]
            against_nothing = any(isinstance(one, ast.Constant) and not one.value for one in sides)
            if not against_nothing and any(_SECRET.search(ast.unparse(one)) for one in sides):
                yield ast.unparse(node)


def compares_in_constant_time(source: str) -> bool:
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) == "hmac.compare_digest"
        for node in ast.walk(ast.parse(source))
    )


def imports(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {one.name.partition(".")[0] for one in names}
            case ast.ImportFrom(module=str(module)):
                found.add(module.partition(".")[0])
            case _:
                pass
    return found


def test_no_secret_is_compared_by_its_first_difference() -> None:
    found = {one: path for path in modules() for one in comparisons(path.read_text())}
    assert {one: path for one, path in found.items() if one not in HARMLESS} == {}
    assert found.keys() >= HARMLESS, "what is gone needs no exception"


def test_where_a_strangers_secret_is_judged_it_is_in_constant_time() -> None:
    bridge = ROOT / "cms_bridge"
    judging = {
        path.relative_to(bridge).as_posix()
        for path in modules()
        if compares_in_constant_time(path.read_text())
    }
    assert judging == COMPARING


def test_whoever_makes_signatures_compares_none_by_itself() -> None:
    """What comes of an HMAC is told, or goes to `compare_digest`: whatever it is called."""
    for path in modules():
        source = path.read_text()
        if not imports(source) & _SIGNING:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Compare) and any(
                isinstance(one, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for one in node.ops
            ):
                said = ast.unparse(node)
                assert not re.search(r"digest|expected|sign", said), f"{path}: {said}"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("presented == known", True),
        ("x = self._secret != given", True),
        ("if signature in expected: pass", True),
        ("settings.api_key.get_secret_value() == key", True),
        ("signature is None", False),
        ("token == ''", False),
        ("storyboard.digest == job.storyboard_digest", False),
    ],
)
def test_a_comparison_is_found_by_what_it_compares(source: str, found: bool) -> None:
    assert bool(list(comparisons(source))) == found
