"""Mutation test: change `workflows/` in one place, and see that the tests of the rules fail (`make mutation`).

Takes a sample of all mutants and runs tests/workflows, without the walks, and the test of the diagrams on each. Prints the seed, and every mutant
that no test killed and `equivalent.toml` does not explain; exits 1 when fewer than 97 % were killed.
"""

import argparse
import difflib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from tests.mutation.equivalent import equivalent_keys
from tests.mutation.mutants import Mutant, mutants_of

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "var", "build", "dist", "__pycache__", "static")
PYTEST = (sys.executable, "-m", "pytest", "--noconftest", "-x", "-q", "-n0", "-p", "no:randomly", "--no-header")
OPTIONS = ("-p", "no:cacheprovider", "--hypothesis-seed=0")
FEW_EXAMPLES = ("-p", "tests.mutation.few_examples")
NEAREST = 4
"""How many test files are run first."""

SLOWEST = "test_every_reason"
OF_THE_DIAGRAMS = Path("tests", "architecture", "test_programme_diagrams.py")
LEAST_KILLED = 0.97
PROGRESS = 50
LEAST_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the project in which one mutant at a time is tested; `seconds` is the time limit of its tests."""

    root: Path
    seconds: float = 600.0
    clock: Iterator[int] = field(default_factory=lambda: iter(range(1, sys.maxsize)))

    def passes(self, tests: list[str], *options: str) -> bool:
        """Return whether the tests pass within the time limit, in this order."""
        environment = {**os.environ, "PYTHONPATH": str(self.root), "HYPOTHESIS_STORAGE_DIRECTORY": str(self.root / "h")}
        process = subprocess.Popen(
            [*PYTEST, *OPTIONS, *options, *tests],
            cwd=self.root,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(self.seconds) == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False

    def survives(self, mutant: Mutant) -> bool:
        """Return whether the tests pass with the mutant: the nearest with few examples, the others so, then all in full.

        Most mutants are killed by the first.
        """
        tests = in_order_for(mutant.path, self.root)
        path = self.root / mutant.path
        original = path.read_text("utf-8")
        try:
            self._write(path, mutant.text)
            parts = (tests[:NEAREST], tests[NEAREST:])
            return all(self.passes(part, *FEW_EXAMPLES) for part in parts) and self.passes(tests)
        finally:
            self._write(path, original)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, "utf-8")
        # Python takes its compiled file for current while size and second of the source are the same.
        os.utime(path, (time.time(), 1_000_000_000 + next(self.clock)))


def in_order_for(path: str, root: Path) -> list[str]:
    """Return the test files but the walks, those first that import the module at `path`, then those of the steps."""
    module = path.removesuffix(".py").replace("/", ".")
    package, _, name = module.rpartition(".")

    def rank(test: Path) -> tuple[bool, bool, bool, str]:
        text = test.read_text("utf-8")
        imports = f"from {module} import" in text or f"from {package} import {name}\n" in text
        return test.stem == SLOWEST, not imports, "steps" not in test.stem, test.stem

    rules = (test for test in (root / "tests" / "workflows").glob("test_*.py") if test.stem != "test_walks")
    tests = [*rules, root / OF_THE_DIAGRAMS]
    return [str(test.relative_to(root)) for test in sorted(tests, key=rank)]


def all_mutants(only: str) -> list[Mutant]:
    """Return the mutants of the files of `workflows/` whose path begins with `only`."""
    paths = sorted((ROOT / "workflows").rglob("*.py"))
    return [each for path in paths if str(path.relative_to(ROOT)).startswith(only) for each in mutants_of(path, ROOT)]


def survivors_among(mutants: list[Mutant], copies: list[Copy]) -> list[Mutant]:
    """Return the mutants that no test killed, and print each; a copy tests one mutant at a time."""
    free: SimpleQueue[Copy] = SimpleQueue()
    for each in copies:
        free.put(each)

    def survives(mutant: Mutant) -> bool:
        copy = free.get()
        try:
            survived = copy.survives(mutant)
        finally:
            free.put(copy)
        if survived:
            say(difference(mutant, copy.root))
        return survived

    survivors = []
    with ThreadPoolExecutor(len(copies)) as pool:
        for number, (mutant, survived) in enumerate(zip(mutants, pool.map(survives, mutants), strict=True), start=1):
            survivors += [mutant] if survived else []
            if number % PROGRESS == 0:
                say(f"{number} of {len(mutants)} tested, {len(survivors)} survived")
    return survivors


def prepared(folder: Path, workers: int) -> list[Copy]:
    """Return a copy of the project for each worker, with a time limit of five times an unchanged run."""
    shutil.copytree(ROOT, folder / "1", ignore=LEFT_OUT)
    start = time.monotonic()
    if not Copy(folder / "1").passes(in_order_for("", folder / "1")):
        sys.exit("tests/workflows does not pass unchanged")
    seconds = max(LEAST_SECONDS, 5 * (time.monotonic() - start))
    for number in range(2, workers + 1):
        shutil.copytree(folder / "1", folder / str(number))
    return [Copy(folder / str(number), seconds) for number in range(1, workers + 1)]


def difference(mutant: Mutant, root: Path = ROOT) -> str:
    """Return a mutant as file, line, key and the changed lines."""
    original = (root / mutant.path).read_text("utf-8").splitlines()
    lines = list(difflib.unified_diff(original, mutant.text.splitlines(), lineterm="", n=0))
    return "\n".join([f"{mutant.path}:{mutant.line}", f'  "{mutant.key}"', *(f"  {line}" for line in lines[3:])])


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="tests.mutation", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--mutants", type=int, default=300, help="how many; 0: all")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="workflows/", help="only files whose path begins so")
    return parser.parse_args()


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Test a sample of mutants and print the survivors."""
    options = read_options()
    explained, mutants = equivalent_keys(), all_mutants(options.only)
    candidates = [each for each in mutants if each.key not in explained]
    sample = candidates
    if 0 < options.mutants < len(candidates):
        sample = random.Random(options.seed).sample(candidates, options.mutants)
    say(f"seed {options.seed}: {len(sample)} of {len(mutants)} mutants, {len(explained)} explained as equivalent")
    with tempfile.TemporaryDirectory(prefix="songnuan-mutation-") as folder:
        survivors = survivors_among(sample, prepared(Path(folder), options.workers))
    killed = len(sample) - len(survivors)
    say(f"killed {killed} of {len(sample)}: {killed / max(1, len(sample)):.1%}; at least {LEAST_KILLED:.0%} wanted")
    return 0 if killed >= LEAST_KILLED * len(sample) else 1


if __name__ == "__main__":
    sys.exit(main())
