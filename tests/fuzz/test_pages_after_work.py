"""A sample of the walks after which every page is opened (`make fuzz`)."""

from collections.abc import Callable
from pathlib import Path

from tests.fuzz.pages_after_work import PageAnswers, prepared_union

SEED, RUNS, STEPS = 7, 2, 60


def test_no_page_fails_after_people_worked_at_random(empty_database: Callable[..., str], tmp_path: Path) -> None:
    """Why: the page of a case failed once a scan was replaced after a signature; no page had been opened in that state."""
    union, answers = prepared_union(empty_database(), tmp_path), PageAnswers()
    for number in range(RUNS):
        union.run(f"{SEED}:{number}", STEPS, answers)
    assert answers.failed == {}
    assert answers.writes > RUNS * STEPS / 4
    assert answers.opened[200] > 150 * RUNS
