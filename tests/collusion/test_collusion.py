"""A sample of the collusion search (`make collusion`): few walks, three mutants, and the table of attempts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.api_client import make_app
from tests.collusion.__main__ import look_for
from tests.collusion.demanded import TABLE, fewest_people, what_suffices
from tests.collusion.mutants import FOUNDING_OPEN, MUTANTS
from tests.collusion.routes import BY_ENDPOINT, FOLLOWED
from tests.collusion.search import Search, prepare, searching
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Pot

SEED, WALKS, STEPS = 15, 10, 20
OF_THE_SAMPLE = ("second person of fund.receive", "confirmer is not the proposer", "nobody makes a token for another")


@pytest.fixture(scope="module")
def search(empty_database: Callable[..., str]) -> Iterator[Search]:
    """Yield a prepared union."""
    url = empty_database()
    prepare(url)
    with searching(url) as prepared:
        yield prepared


def test_every_route_that_writes_is_attempted(tmp_path: Path) -> None:
    """Why: a new way to write is a new way to steal. Pages call the same actions as the API, behind a person's own session."""
    app = make_app("postgresql://nobody@localhost/none", tmp_path)
    rules = [rule for rule in app.url_map.iter_rules() if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}]
    of_api = {rule.endpoint for rule in rules if not rule.endpoint.startswith("web.")}
    assert of_api - FOLLOWED == set(BY_ENDPOINT)
    app.extensions["songnuan"].engine.dispose()


def test_every_row_of_the_table_with_a_second_person_has_a_mutant() -> None:
    needed = {f"second person of {subject}.{action}" for (subject, action), power in TABLE.items() if power.confirms}
    assert needed - {mutant.name for mutant in MUTANTS} == {"second person of unit.close_founding"}


def test_no_pair_suffices_for_a_case() -> None:
    for programme in PROGRAMMES.values():
        assert fewest_people(programme, Pot.IN_TRANSIT) >= 4
    assert any(line.startswith("fund.receive: cashier + cashier") for line in what_suffices())


def test_attackers_gain_nothing_in_a_sample_of_walks(search: Search) -> None:
    tally = search.run(SEED, range(WALKS), STEPS)
    assert tally.finds == []
    assert sum(tally.accepted.values()) > WALKS


def test_nothing_is_done_before_the_founding_is_closed(search: Search) -> None:
    mutant = next(each for each in MUTANTS if each.sql == FOUNDING_OPEN)
    _, found = search.walk(mutant.people, "founding", STEPS, mutant.favours, mutant.switch)
    assert found == []


@pytest.mark.parametrize("name", OF_THE_SAMPLE)
def test_fraud_is_found_where_its_rule_is_switched_off(search: Search, name: str) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    _, found = look_for(search, mutant, SEED, 40, most=5)
    assert found
    _, left = search.walk(mutant.people, "after", 10, mutant.favours)
    assert left == []
