"""The fuzz run: every kind of file that the engine reads, truncated and changed, for a time.

    python -m tests.fuzz --seconds 600 [--seed N] [--first RUN] [--runs N] [--only KIND]

The seed and the number of a run decide what is damaged and how, so that each can be had again.
What broke the engine is kept, with what it wrote. Ends with 1 if anything did.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.damage import damage
from tests.fuzz.seeds import PLANTED, Seed
from tests.fuzz.trial import Outcome, attempt


def main() -> int:
    """Fuzz as the arguments say."""
    arguments = _arguments()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().getrandbits(32)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as work:
        ground = Path(work) / "ground"
        # In another process: encoders leave threads behind, and no fork survives those.
        subprocess.run([sys.executable, "-m", "tests.fuzz.seeds", ground], check=True)
        planted = [Seed.of(record) for record in json.loads((ground / PLANTED).read_text())]
        # The kinds mixed, always in the same way, so that a short run has seen some of each.
        random.Random(0).shuffle(planted)  # noqa: S311  nothing is to be kept secret
        chosen = [one for one in planted if (arguments.only or "") in one.name]
        if not chosen:
            sys.exit(f"No kind is called so; there are {', '.join(one.name for one in planted)}.")
        run = _Run(chosen, seed, arguments.keep)
        started = time.monotonic()
        number = arguments.first
        while time.monotonic() < started + arguments.seconds:
            if arguments.runs is not None and number >= arguments.first + arguments.runs:
                break
            run.once(number, ground, Path(work) / "trial")
            number += 1
    return run.tell()


class _Run:
    """A row of trials, and what came of them."""

    def __init__(self, planted: list[Seed], seed: int, keep: Path) -> None:
        self._planted = planted
        self._seed = seed
        self._keep = keep
        self._films = 0
        self._by_kind: Counter[str] = Counter()
        self._broken: list[str] = []
        self._longest = 0.0, ""
        self._largest = 0

    def once(self, number: int, ground: Path, trial: Path) -> None:
        """Damage the next seed and try it."""
        # Every kind in turn, so that a short run has seen all.
        seed = self._planted[number % len(self._planted)]
        chance = random.Random(f"{self._seed} {number}")  # noqa: S311  nothing is to be kept secret
        shutil.copytree(ground / seed.name, trial)
        file = seed.pick(trial, chance)
        raw, how = damage(file.read_bytes(), chance)
        file.write_bytes(raw)
        outcome = attempt(seed, trial, as_json=seed.kind == "upload" or chance.random() < 0.75)
        self._note(number, seed, how, outcome, trial)
        shutil.rmtree(trial)

    def _note(self, number: int, seed: Seed, how: str, outcome: Outcome, trial: Path) -> None:
        self._by_kind[seed.kind] += 1
        self._films += not outcome.words
        self._longest = max(self._longest, (outcome.seconds, f"{seed.name}, run {number}"))
        self._largest = max(self._largest, outcome.memory)
        if not outcome.faults:
            return
        place = self._keep / f"{self._seed}-{number}"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(trial, place)
        for written in (".out", ".err"):
            shutil.copy(trial.with_suffix(written), place / f"trial{written}")
        said = f"{seed.name}, {how}: {'; '.join(outcome.faults)} [{outcome.words}]"
        self._broken.append(said)
        sys.stdout.write(f"run {number} ({seed.command[0]}) {said}\n  kept in {place}\n")
        sys.stdout.flush()

    def tell(self) -> int:
        """Write the sum of it, and return how the process ends."""
        runs = self._by_kind.total()
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self._by_kind.items()))
        seconds, slowest = self._longest
        sys.stdout.write(
            f"seed {self._seed}: {runs} runs ({kinds}); {self._films} without an error,"
            f" {runs - self._films} refused; the longest {seconds:.1f} s ({slowest}), the largest"
            f" {self._largest >> 20} MiB; {len(self._broken)} broke the engine\n"
        )
        return int(bool(self._broken))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, help="by default another one every time")
    parser.add_argument("--first", type=int, default=0, help="the run to begin with")
    parser.add_argument("--runs", type=int, help="how many at the most")
    parser.add_argument("--only", help="part of a kind's name, as picture-avif")
    parser.add_argument("--keep", type=Path, default=Path(".cache/fuzz"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
