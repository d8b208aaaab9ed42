"""Let everybody of a small union work at random, then open every page and every read of the API (`make fuzz`).

Prints the seed, how often each answer came, and each address that failed with what had been done; exits 1 on one.
"""

import argparse
import os
import sys
import tempfile
from contextlib import redirect_stderr
from pathlib import Path
from random import SystemRandom

from service.local_servers import start_postgres
from tests.fuzz.pages_after_work import PageAnswers, prepared_union


def main() -> int:
    """Read the arguments, let people work, look, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**9))
    arguments, answers = parser.parse_args(), PageAnswers()
    _say(f"seed {arguments.seed}")
    with tempfile.TemporaryDirectory(prefix="songnuan-work-") as name, Path(os.devnull).open("w") as nowhere:
        folder = Path(name)
        folder.chmod(0o711)
        with start_postgres(folder / "pg", durable=False) as server, redirect_stderr(nowhere):
            union = prepared_union(server.url, folder)
            for number in range(arguments.runs):
                union.run(f"{arguments.seed}:{number}", arguments.steps, answers)
                if (number + 1) % 10 == 0:
                    _say(f"... {number + 1} runs, {len(answers.failed)} addresses failed")
    _say(f"{arguments.runs} runs of {arguments.steps} steps, {answers.writes} writes; answers {dict(answers.opened)}")
    for rule, stories in answers.failed.items():
        _say(f"FAILED {rule} ({len(stories)} times), first: {stories[0]}")
    return int(bool(answers.failed))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
