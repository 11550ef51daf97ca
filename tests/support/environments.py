"""Python environments beside the project's own, for programs that do not go with its packages."""

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def interpreter(name: str) -> Path:
    """Return the interpreter of `.venv-NAME`, made by `requirements-NAME.lock` and kept with it."""
    locked = _ROOT / f"requirements-{name}.lock"
    environment = _ROOT / f".venv-{name}"
    python = environment / "bin" / "python"
    wanted = hashlib.sha256(locked.read_bytes() + sys.version.encode()).hexdigest()
    marker = environment / "installed"
    guard = _ROOT / ".cache" / f"{name}-install.lock"
    guard.parent.mkdir(exist_ok=True)
    with guard.open("wb") as lock:
        # Tests and a demo may ask at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not marker.exists() or marker.read_text() != wanted:
            sys.stderr.write(f"Installing {locked.name} …\n")
            subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
            subprocess.run(
                [python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", locked],
                check=True,
                # Standard output may be read by whoever asks.
                stdout=subprocess.DEVNULL,
            )
            marker.write_text(wanted)
    return python
