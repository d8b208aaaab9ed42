"""Every figure is the count or the sum of its own list, in one snapshot, and says what it leaves out."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from service.report import figures
from service.report.evidence import evidence
from service.report.figure_definition import SMALL_CELL_THRESHOLD, Scope
from service.report.figures import Figure, NoSuchFigure, SnapshotLost, rows_behind, snapshot
from service.tables.cases import case
from tests.factories import create_organisation
from tests.service.report_fixtures import NAMES, YEAR, donate, family, give, go, pay, send_back
from tests.service.sample_year import Year, the_year
from workflows.wording import Quantity, Several


@pytest.fixture
def conn(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One moment, undone when the test ends."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def year(conn: sa.Connection) -> Year:
    """The union of the sample reports."""
    return the_year(conn)


def scope(year: Year) -> Scope:
    return Scope(year.office.unit_path, *YEAR)


def counted(conn: sa.Connection, within: Scope) -> dict[str, Figure]:
    return {figure.key: figure for figure in figures.figures(conn, within)}


def amounts(conn: sa.Connection, within: Scope) -> dict[str, int]:
    return {key: figure.amount for key, figure in counted(conn, within).items()}


SEED = {
    "laid_off_households_visited": 33,
    "laid_off_visits": 37,
    "worker_households_visited": 34,
    "worker_visits": 38,
    "relief_and_tuition_money": 4_160_000,
    "aid_money": 4_460_000,
    "aid_money_by_item:LIV": 3_860_000,
    "aid_money_by_item:EDU": 300_000,
    "tuition_households@2025-08": 5,
    "tuition_students@2025-08": 5,
    "tuition_money@2025-08": 300_000,
    "tuition_fee_money@2025-08": 200_000,
    "tuition_living_money@2025-08": 100_000,
    "tuition_unsplit_money@2025-08": 0,
    "aid_money_by_source:UPS": 1_460_000,
    "paired_visits": 2,
    "paired_households": 1,
    "paired_goods:褥子|床": 2,
    "paired_money": 2_860_000,
    "paired_education_money": 860_000,
    "paired_housing_money": 2_000_000,
    "bereavement_visits": 2,
    "retired_visits": 1,
    "donation_passed_on_money": 288_000,
    "activity_money": 4_350_000,
    "cases_declined": 1,
    "cases_withdrawn": 1,
    "money_returned": 120_000,
    "money_recalled": 90_000,
    "money_recovered": 30_000,
    "households_on_file": 35,
    "households_exited": 1,
}


def test_the_sample_year_is_counted(conn: sa.Connection, year: Year) -> None:
    found = amounts(conn, scope(year))
    assert {key: found[key] for key in SEED} == SEED


def test_every_figure_is_its_list(conn: sa.Connection, year: Year) -> None:
    found = list(figures.figures(conn, scope(year)))
    assert found
    for figure in found:
        page = rows_behind(conn, figure.key, scope(year), None, 500)
        amount = [row["amount"] for row in page.rows]
        assert len(page.rows) == page.count == figure.rows, figure.key
        if isinstance(figure.value, Quantity):
            assert figure.value.amount == (sum(amount) if figure.measure.sums else len(amount)), figure.key
        else:
            assert None in amount, figure.key
        same = rows_behind(conn, figure.address, figure.scope, None, 500)
        assert same == page, "the link of a batch names its month by from and to"


def test_a_row_tells_no_more_than_it_should(conn: sa.Connection, year: Year) -> None:
    keys = [figure.key for figure in figures.figures(conn, scope(year))]
    rows = [(key, row) for key in keys for row in rows_behind(conn, key, scope(year), None, 500).rows]
    assert rows
    for key, row in rows:
        assert list(row) == ["id", "reference", "on", "unit", "amount", "part"]
        assert row["reference"], key
        assert row["on"], key
        assert not [name for name in NAMES if name in str(row)], key


def test_lists_are_paged_by_key(conn: sa.Connection, year: Year) -> None:
    whole = rows_behind(conn, "worker_visits", scope(year), None, 500).rows
    page = rows_behind(conn, "worker_visits", scope(year), None, 15)
    read = list(page.rows)
    while page.next:
        page = rows_behind(conn, "worker_visits", scope(year), page.next, 15)
        read += page.rows
    assert read == list(whole)
    assert page.count == 38


@pytest.mark.parametrize("key", ["nonsense", "aid_money:LIV", "aid_money_by_item", "tuition_money@soon", ""])
def test_a_key_of_no_figure_is_refused(conn: sa.Connection, year: Year, key: str) -> None:
    with pytest.raises(NoSuchFigure):
        rows_behind(conn, key, scope(year), None, 10)


def test_households_are_distinct_and_visits_are_not(conn: sa.Connection, year: Year) -> None:
    before = amounts(conn, scope(year))
    go(conn, year.branch, "hardship", date(2025, 10, 1), year.laid_off[0])
    after = amounts(conn, scope(year))
    assert {key for key in after if after[key] != before[key]} == {"laid_off_visits", "worker_visits"}


def test_the_parts_of_tuition_make_up_the_whole(conn: sa.Connection, year: Year) -> None:
    parts = {"school_year": "2025-2026", "tuition_part": 90_000, "living_part": 20_000}
    pay(conn, year.branch, year.laid_off[0], "EDU", 60_000, date(2025, 8, 20), answers=parts)
    found = amounts(conn, scope(year))
    named = [found[f"tuition_{part}_money@2025-08"] for part in ("fee", "living", "unsplit")]
    assert named == [200_000, 100_000, 60_000]
    assert sum(named) == found["tuition_money@2025-08"]


def test_a_month_with_few_households_is_no_batch(conn: sa.Connection, year: Year) -> None:
    for each in year.laid_off[: SMALL_CELL_THRESHOLD - 1]:
        pay(conn, year.branch, each, "EDU", 60_000, date(2025, 9, 1), answers={"school_year": "2024-2025"})
    assert not [key for key in counted(conn, scope(year)) if key.endswith("@2025-09")]
    pay(conn, year.branch, year.laid_off[5], "EDU", 60_000, date(2025, 9, 30), answers={"school_year": "2024-2025"})
    assert amounts(conn, scope(year))["tuition_households@2025-09"] == SMALL_CELL_THRESHOLD


def test_a_batch_reaches_no_further_than_the_period(conn: sa.Connection, year: Year) -> None:
    half = Scope(year.office.unit_path, date(2025, 8, 18), date(2025, 8, 18))
    assert counted(conn, half)["tuition_money@2025-08"].scope == half


def test_a_returned_payment_leaves_every_figure_of_aid(conn: sa.Connection, year: Year) -> None:
    before = amounts(conn, scope(year))
    send_back(conn, year.relief[1], date(2025, 12, 1))
    after = amounts(conn, scope(year))
    lost = {key: after[key] - before[key] for key in after if after[key] != before[key]}
    assert lost == {
        "relief_and_tuition_money": -200_000,
        "aid_money": -200_000,
        "aid_grants": -1,
        "aid_households": -1,
        "aid_households_by_item:LIV": -1,
        "aid_grants_by_item:LIV": -1,
        "aid_money_by_item:LIV": -200_000,
        "aid_money_by_source:UPS": -200_000,
        "money_returned": 200_000,
    }


def test_the_paired_family_is_no_workers_household(conn: sa.Connection, year: Year) -> None:
    """Even visited in hardship, and given aid: it never enters the figures of workers (domain/8, 3)."""
    assert year.village
    before = amounts(conn, scope(year))
    go(conn, year.office, "hardship", date(2025, 6, 1), year.village)
    pay(conn, year.office, year.village, "LIV", 50_000, date(2025, 6, 1))
    give(conn, year.office, year.village, date(2025, 6, 1), "HOU", fen=10_000)
    after = amounts(conn, scope(year))
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {
        "paired_money",
        "paired_housing_money",
        "gift_money_by_source:OWN",
        "cases_opened",
        "cases_closed",
    }


def test_money_of_other_kinds_never_enters_aid(conn: sa.Connection, year: Year) -> None:
    before = amounts(conn, scope(year))
    give(conn, year.office, year.laid_off[0], date(2025, 1, 20), "SWN", fen=30_000)
    donate(conn, year.office, date(2025, 2, 1), 77_700)
    donate(conn, year.office, date(2025, 2, 1), 11_100, direction="received")
    after = amounts(conn, scope(year))
    assert {key for key in after if after[key] != before[key]} == {
        "condolence_money",
        "gift_money_by_source:OWN",
        "donation_passed_on_money",
        "donation_received_money",
    }


def test_uncounted_goods_are_never_given_a_number(conn: sa.Connection, year: Year) -> None:
    assert year.village
    books = "paired_goods:图书|套"
    assert isinstance(counted(conn, scope(year))[books].value, Several)
    give(conn, year.office, year.village, date(2025, 9, 14), "KIND", goods="图书", goods_unit="套", quantity=3)
    give(conn, year.office, year.village, date(2025, 9, 14), "KIND", goods="米/面", goods_unit="袋", quantity=4)
    found = counted(conn, scope(year))
    assert isinstance(found[books].value, Several)
    assert (found[books].rows, found["paired_goods:米／面|袋"].amount) == (2, 4)


def test_the_period_counts_its_first_and_last_day(conn: sa.Connection) -> None:
    office = create_organisation(conn)
    who = family(conn, office)
    for on in (date(2024, 12, 31), YEAR[0], YEAR[1], date(2026, 1, 1)):
        go(conn, office, "hardship", on, who)
        pay(conn, office, who, "LIV", 100, on)
    found = amounts(conn, Scope(office.unit_path, *YEAR))
    assert (found["worker_visits"], found["aid_grants"]) == (2, 2)


def test_a_unit_reports_what_lies_below_it_and_nothing_beside(conn: sa.Connection, year: Year) -> None:
    beside = create_organisation(conn)
    pay(conn, beside, family(conn, beside), "LIV", 100_000, date(2025, 3, 3))
    assert amounts(conn, scope(year))["aid_money"] == SEED["aid_money"]
    branch = amounts(conn, Scope(year.branch.unit_path, *YEAR))
    assert branch["aid_money"] == SEED["aid_money"] - 300_000
    assert branch["paired_visits"] == 0


def test_small_categories_are_withheld_and_cannot_be_worked_out(conn: sa.Connection) -> None:
    office = create_organisation(conn)
    for category, number in (("deep", 1), ("relative", 9), ("sudden", 4)):
        for _ in range(number):
            family(conn, office, category=category)
    found = counted(conn, Scope(office.unit_path, *YEAR))
    told = {part: found[f"households_on_file_by_category:{part}"] for part in ("deep", "relative", "sudden")}
    assert [figure.withheld for figure in told.values()] == [True, False, True]
    assert (told["deep"].value, told["deep"].rows, told["relative"].amount) == (None, None, 9)
    assert found["households_on_file"].amount == 14


def test_small_items_are_merged_without_a_name(conn: sa.Connection, year: Year) -> None:
    found = amounts(conn, scope(year))
    assert "aid_money_by_item:MED" not in found
    assert found["aid_money_by_item:other"] == 300_000
    pay(conn, year.office, year.laid_off[29], "MED", 150_000, date(2025, 6, 3))
    found = amounts(conn, scope(year))
    assert found["aid_money_by_item:MED"] == 450_000
    assert "aid_money_by_item:other" not in found


def test_figures_are_not_torn(engine: sa.Engine) -> None:
    """Outside a snapshot nothing is counted; inside one, a later commit is not seen by half of the figures."""
    with engine.connect() as loose, pytest.raises(SnapshotLost):
        figures.figures(loose, Scope("/", *YEAR))
    with engine.begin() as setup:
        office = create_organisation(setup)
        who = family(setup, office)
    here = Scope(office.unit_path, *YEAR)
    with snapshot(engine) as conn:
        before = amounts(conn, here)
        with engine.begin() as other:
            pay(other, office, who, "LIV", 100_000, date(2025, 5, 5))
        assert amounts(conn, here) == before
    with snapshot(engine) as conn:
        assert amounts(conn, here)["aid_money"] == 100_000


def test_the_digest_changes_with_any_head(conn: sa.Connection, year: Year) -> None:
    before = evidence(conn, scope(year))
    assert (before.cases, len(before.digest)) == (31, 64)
    assert evidence(conn, scope(year)) == before
    one = sa.select(case.c.id).where(case.c.unit_path == year.branch.unit_path).limit(1).scalar_subquery()
    conn.execute(case.update().where(case.c.id == one).values(version=2, head_hash=bytes(32)))
    assert evidence(conn, scope(year)).digest != before.digest


def test_the_pots_are_those_of_the_ledger(conn: sa.Connection, year: Year) -> None:
    pots = evidence(conn, scope(year)).pots
    assert pots["paid"] == 4_460_000 + 100_000, "paid in the period, and once after it"
    assert (pots["committed"], pots["recovering"]) == (120_000, 60_000)


def test_a_period_ends_after_it_begins() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        Scope("/", YEAR[1], YEAR[1] - timedelta(days=1))
