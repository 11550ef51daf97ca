"""Bridge and daemon as programs: from the images that are shipped, or as this checkout has them."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from tests.support.images import Image, built, tell

Part = Literal["bridge", "daemon"]
_STOP_SECONDS = 150
"""As long as compose waits for a daemon."""


@dataclass(frozen=True, kw_only=True)
class Programs:
    """How a part's `reelwright` is run; without images it is the checkout's own."""

    images: Mapping[Part, Image]

    def start(
        self, part: Part, *arguments: str, data: Path, variables: Mapping[str, str], **how: Any
    ) -> subprocess.Popen[Any]:
        """Start `reelwright …` with `data` as its volume, and nothing of this environment."""
        if image := self.images.get(part):
            command = image.command("reelwright", *arguments, data=data, **variables)
            return subprocess.Popen(command, **how)
        own = Path(sys.executable).with_name("reelwright")
        environment = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **variables}
        return subprocess.Popen([own, *arguments], cwd=data, env=environment, **how)

    def run(self, part: Part, *arguments: str, data: Path, variables: Mapping[str, str]) -> str:
        """Run `reelwright …` to its end; return what it said on standard output."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = self.start(part, *arguments, data=data, variables=variables, text=True, **pipes)
        told, remarks = process.communicate()
        assert process.returncode == 0, f"reelwright {' '.join(arguments)}: {told}{remarks}"
        return told

    def kill(self, process: subprocess.Popen[Any]) -> None:
        """Take a process away without a word, as a machine that is gone does."""
        self._tell(process, signal.SIGKILL)
        process.wait(_STOP_SECONDS)

    def stop(self, process: subprocess.Popen[Any]) -> None:
        """Have it end in good order, which is with 0."""
        self._tell(process, signal.SIGTERM)
        assert process.wait(_STOP_SECONDS) == 0, process.args

    def _tell(self, process: subprocess.Popen[Any], number: signal.Signals) -> None:
        if self.images:
            tell(process, number)
        else:
            process.send_signal(number)

    @contextmanager
    def running(
        self, part: Part, *arguments: str, data: Path, variables: Mapping[str, str], log: IO[bytes]
    ) -> Iterator[subprocess.Popen[Any]]:
        """Run a part for a block, and stop it; one that was killed meanwhile is left alone."""
        process = self.start(
            part, *arguments, data=data, variables=variables, stdout=log, stderr=log
        )
        try:
            yield process
            if process.poll() is None:
                self.stop(process)
        finally:
            process.kill()
            process.wait()


@contextmanager
def programs(*, images: bool) -> Iterator[Programs]:
    """Build the images, or take the checkout as it is."""
    with ExitStack() as stack:
        parts: tuple[Part, ...] = ("bridge", "daemon") if images else ()
        yield Programs(images={part: stack.enter_context(built(part)) for part in parts})


def can_build() -> bool:
    """Tell whether this machine builds images: by root, with buildah, and with a base to be had."""
    return os.geteuid() == 0 and all(map(shutil.which, ("buildah", "mmdebstrap", "unshare")))
