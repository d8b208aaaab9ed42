"""Random recalls, recoveries and write-offs over two years: rows and figures equal a recount from the ledger."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from random import Random

import pytest
import sqlalchemy as sa

from service.report.figure_definition import Scope
from service.tables.cases import case
from service.tables.payments import payment
from tests.factories import create_family, create_organisation
from tests.service.figure_rows import figure_amount
from tests.service.recall_walk import Account, Walk, expected_figures, recount

TURNS = 90
LAST_DAY = date(2026, 10, 31)
SEEDS = range(4)
USUAL = {"pay", "recall", "recover_part", "recover", "write_off", "payment_returned", "confirm_receipt", "close"}
REFUSED = {"recall: over_kept", "recall: nothing_kept", "recover_part: over_outstanding", "pass_review: item_repeated"}


@pytest.fixture
def conn(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection on one snapshot, rolled back when the test ends."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection
        connection.rollback()


def walked(conn: sa.Connection, seed: int) -> Walk:
    office = create_organisation(conn, fen=100_000_000)
    walk = Walk(conn, office, [create_family(conn, office) for _ in range(4)], Random(seed))
    for _ in range(TURNS):
        if walk.today < LAST_DAY:
            walk.turn()
    return walk


@pytest.fixture(params=SEEDS)
def walk(conn: sa.Connection, request: pytest.FixtureRequest) -> Walk:
    """A walk that has ended."""
    return walked(conn, request.param)


def test_rows_and_figures_equal_a_recount_of_the_ledger(conn: sa.Connection, walk: Walk) -> None:
    accounts = recount(conn, walk.grants)
    for account in accounts:
        assert_rows_agree(conn, account)
    for year in (2025, 2026):
        scope = Scope(walk.office.unit_path, date(year, 1, 1), date(year, 12, 31))
        expected = expected_figures(accounts, year)
        assert {key: figure_amount(conn, key, scope) for key in expected} == expected, year


def assert_rows_agree(conn: sa.Connection, account: Account) -> None:
    """Check the columns of the case and its payment; what is kept, out, back and written off is what was paid."""
    columns = (case.c.state, case.c.outstanding_fen, case.c.recovering_fen, case.c.written_off_fen)
    state, outstanding, recovering, written_off = conn.execute(
        sa.select(*columns).where(case.c.id == account.case_id)
    ).one()
    assert (recovering, written_off) == (account.recovering, account.written_off)
    assert outstanding == account.kept + account.recovering
    assert (account.recovering > 0) == (state == "recalling")
    came_back = account.sum("recovering", "available")
    assert account.kept + account.recovering + came_back + account.written_off == account.paid
    paid = sa.select(payment.c.state, payment.c.fen, payment.c.recalled_fen).where(payment.c.case_id == account.case_id)
    [row] = conn.execute(paid.where(payment.c.state != "returned"))
    assert tuple(row) == ("live" if account.kept else "recalled", account.paid, account.paid - account.kept)


def test_walks_take_every_step_and_meet_every_refusal(conn: sa.Connection) -> None:
    # Otherwise the recount could agree only because nothing happened.
    taken, refused = Counter[str](), Counter[str]()
    for seed in SEEDS:
        walk = walked(conn, seed)
        taken += walk.taken
        refused += walk.refused
    assert set(taken) >= USUAL
    assert set(refused) >= REFUSED
