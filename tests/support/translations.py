"""What the plugin says in each of its languages, and what is left of English on a page."""

import json
import re
import subprocess
from functools import cache

from playwright.sync_api import Page

from daemon.local.installation import PLUGIN, find_node

_SHOWN = """() => [...document.querySelectorAll('body *:not(script, style)')].flatMap(element => [
    ...[...element.childNodes].filter(({ nodeType }) => nodeType === 3).map(text => text.data),
    ...['aria-label', 'aria-valuetext', 'placeholder', 'title', 'alt']
        .map(name => element.getAttribute(name)),
]).map(text => text?.trim()).filter(Boolean)"""
"""Whatever is read or heard on a page."""
_TELLING = 3
"""Words by which a piece of a sentence is known wherever it stands."""


@cache
def words_of(language: str) -> dict[str, str]:
    """Return the table of a language, by keys."""
    told = (
        f"import {{ {language} }} from './src/translations/{language}.ts';"
        f"process.stdout.write(JSON.stringify({language}))"
    )
    done = subprocess.run(
        [find_node(), "--import", "tsx", "--input-type=module", "--eval", told],
        cwd=PLUGIN,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def english_on(page: Page, language: str) -> list[str]:
    """Return each text on a page that the plugin says in English, though it has this language."""
    own = words_of(language)
    whole = {sentence for key, sentence in words_of("en").items() if own[key] != sentence} - set(
        own.values()
    )
    pieces = {piece.strip() for sentence in whole for piece in re.split(r"\{[^}]*\}", sentence)}
    telling = [piece for piece in pieces if len(piece.split()) >= _TELLING]
    shown: list[str] = page.evaluate(_SHOWN)
    return [text for text in shown if text in whole or any(piece in text for piece in telling)]
