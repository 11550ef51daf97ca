"""What is told of a run, a line at a time, with the time of day and since it began."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

_Value = TypeVar("_Value")


class Journal:
    """Prints lines, and keeps them in a file."""

    def __init__(self, file: Path) -> None:
        """Begin anew in a file."""
        self._file = file
        self._began = time.monotonic()
        file.write_text("")

    def step(self, title: str) -> None:
        """Head what follows."""
        self._write(f"\n== {title}")

    def say(self, text: str) -> None:
        """Tell what was done or seen, each line of it."""
        for line in text.splitlines():
            seconds = time.monotonic() - self._began
            self._write(f"{datetime.now(UTC):%H:%M:%S} {seconds:7.1f} s  {line}")

    def wait(self, what: str, until: Callable[[], _Value], *, seconds: float) -> _Value:
        """Wait until something is true, and tell how long it took; return what it was."""
        began = time.monotonic()
        while not (value := until()):
            assert time.monotonic() < began + seconds, f"{what}: not within {seconds:g} s"
            time.sleep(0.25)
        self.say(f"{what} (after {time.monotonic() - began:.1f} s)")
        return value

    def _write(self, line: str) -> None:
        print(line, flush=True)  # noqa: T201 - whoever runs this reads along
        with self._file.open("a") as file:
            file.write(f"{line}\n")
