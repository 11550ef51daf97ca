"""What a daemon loads: an SDK that nobody has a key for is memory and seconds for nothing."""

import subprocess
import sys

import pytest

_TELL = """
import sys
import anyio
import daemon.worker
from render.generation.models import ModelsConfig
from render.generation.providers import open_providers

async def main():
    async with open_providers(ModelsConfig(), gemini_key=sys.argv[1]):
        print("google.genai" in sys.modules)

anyio.run(main)
"""


@pytest.mark.parametrize(("key", "is_loaded"), [("", False), ("a key", True)])
def test_gemini_s_sdk_is_loaded_where_there_is_a_key(key: str, is_loaded: bool) -> None:
    told = subprocess.run(
        [sys.executable, "-c", _TELL, key], check=True, capture_output=True, text=True
    )
    assert told.stdout.strip() == str(is_loaded)
