"""Every figure is the count or the sum of its own rows in one snapshot."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from service.report import figures
from service.report.evidence import evidence
from service.report.figure import Figure
from service.report.figure_definition import SMALL_CELL_THRESHOLD, Scope
from service.report.figures import NoSuchFigure, SnapshotLost, rows_behind, snapshot
from service.tables.cases import case
from tests.factories import create_organisation
from tests.service.report_fixtures import NAMES, YEAR, donate, family, give, go, pay, send_back
from tests.service.sample_year import Year
from workflows.wording import Quantity, Several


@pytest.fixture
def conn(lived_year: tuple[sa.Connection, Year]) -> Iterator[sa.Connection]:
    """A connection in which the year was lived; what a test changes is taken back."""
    connection, _ = lived_year
    savepoint = connection.begin_nested()
    yield connection
    savepoint.rollback()


@pytest.fixture
def year(lived_year: tuple[sa.Connection, Year]) -> Year:
    """The union of the sample reports."""
    return deepcopy(lived_year[1])


def scope(year: Year) -> Scope:
    return Scope(year.office.unit_path, *YEAR)


def figures_by_key(conn: sa.Connection, within: Scope) -> dict[str, Figure]:
    return {figure.key: figure for figure in figures.figures(conn, within)}


def amounts(conn: sa.Connection, within: Scope) -> dict[str, int]:
    return {key: figure.amount for key, figure in figures_by_key(conn, within).items()}


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


def test_report_of_the_sample_year_has_the_expected_figures(conn: sa.Connection, year: Year) -> None:
    amount_by_key = amounts(conn, scope(year))
    assert {key: amount_by_key[key] for key in SEED} == SEED


def test_figure_equals_the_sum_or_count_of_its_rows(conn: sa.Connection, year: Year) -> None:
    all_figures = list(figures.figures(conn, scope(year)))
    assert all_figures
    for figure in all_figures:
        page = rows_behind(conn, figure.key, scope(year), None, 500)
        amounts_listed = [row["amount"] for row in page.rows]
        assert len(page.rows) == page.count == figure.rows, figure.key
        if isinstance(figure.value, Quantity):
            assert figure.value.amount == (sum(amounts_listed) if figure.measure.sums else len(amounts_listed)), (
                figure.key
            )
        else:
            assert None in amounts_listed, figure.key
        linked_page = rows_behind(conn, figure.address, figure.scope, None, 500)
        assert linked_page == page, "the link of a monthly figure names its month by from and to"


def test_row_behind_a_figure_discloses_no_name(conn: sa.Connection, year: Year) -> None:
    keys = [figure.key for figure in figures.figures(conn, scope(year))]
    rows = [(key, row) for key in keys for row in rows_behind(conn, key, scope(year), None, 500).rows]
    assert rows
    for key, row in rows:
        assert list(row) == ["id", "reference", "on", "unit", "amount", "part"]
        assert row["reference"], key
        assert row["on"], key
        assert not [name for name in NAMES if name in str(row)], key


def test_rows_behind_a_figure_read_in_pages_equal_the_whole_list(conn: sa.Connection, year: Year) -> None:
    all_rows = rows_behind(conn, "worker_visits", scope(year), None, 500).rows
    page = rows_behind(conn, "worker_visits", scope(year), None, 15)
    rows = list(page.rows)
    while page.next:
        page = rows_behind(conn, "worker_visits", scope(year), page.next, 15)
        rows += page.rows
    assert rows == list(all_rows)
    assert page.count == 38


@pytest.mark.parametrize("key", ["nonsense", "aid_money:LIV", "aid_money_by_item", "tuition_money@soon", ""])
def test_figure_key_that_is_unknown_is_refused(conn: sa.Connection, year: Year, key: str) -> None:
    with pytest.raises(NoSuchFigure):
        rows_behind(conn, key, scope(year), None, 10)


def test_second_visit_to_a_household_adds_a_visit_and_no_household(conn: sa.Connection, year: Year) -> None:
    before = amounts(conn, scope(year))
    go(conn, year.branch, "hardship", date(2025, 10, 1), year.laid_off[0])
    after = amounts(conn, scope(year))
    assert {key for key in after if after[key] != before[key]} == {"laid_off_visits", "worker_visits"}


def test_tuition_parts_add_up_to_the_tuition_total(conn: sa.Connection, year: Year) -> None:
    parts = {"school_year": "2025-2026", "tuition_part": 90_000, "living_part": 20_000}
    for each in year.laid_off[:3]:
        pay(conn, year.branch, each, "EDU", 60_000, date(2025, 8, 20), answers=parts)
    amount_by_key = amounts(conn, scope(year))
    part_amounts = [amount_by_key[f"tuition_{part}_money@2025-08"] for part in ("fee", "living", "unsplit")]
    assert part_amounts == [200_000, 100_000, 180_000]
    assert sum(part_amounts) == amount_by_key["tuition_money@2025-08"]


def test_tuition_month_below_the_small_cell_threshold_has_no_figure(conn: sa.Connection, year: Year) -> None:
    for each in year.laid_off[: SMALL_CELL_THRESHOLD - 1]:
        pay(conn, year.branch, each, "EDU", 60_000, date(2025, 9, 1), answers={"school_year": "2024-2025"})
    assert not [key for key in figures_by_key(conn, scope(year)) if key.endswith("@2025-09")]
    pay(conn, year.branch, year.laid_off[5], "EDU", 60_000, date(2025, 9, 30), answers={"school_year": "2024-2025"})
    assert amounts(conn, scope(year))["tuition_households@2025-09"] == SMALL_CELL_THRESHOLD


def test_tuition_month_is_cut_to_the_report_period(conn: sa.Connection, year: Year) -> None:
    one_day = Scope(year.office.unit_path, date(2025, 8, 18), date(2025, 8, 18))
    assert figures_by_key(conn, one_day)["tuition_money@2025-08"].scope == one_day


def test_returned_payment_is_taken_out_of_every_aid_figure(conn: sa.Connection, year: Year) -> None:
    before = amounts(conn, scope(year))
    send_back(conn, year.relief[1], date(2025, 12, 1))
    after = amounts(conn, scope(year))
    changes = {key: after[key] - before[key] for key in after if after[key] != before[key]}
    assert changes == {
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


def test_paired_village_family_is_no_household_of_a_worker(conn: sa.Connection, year: Year) -> None:
    """It never enters the figures of workers, even with hardship visits and aid (docs/domain/activities.md §8 row 3)."""
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


def test_condolence_and_donation_money_never_enters_aid(conn: sa.Connection, year: Year) -> None:
    before = amounts(conn, scope(year))
    for each in year.laid_off[:3]:
        give(conn, year.office, each, date(2025, 1, 20), "SWN", fen=10_000)
    donate(conn, year.office, date(2025, 2, 1), 77_700)
    donate(conn, year.office, date(2025, 2, 1), 11_100, direction="received")
    after = amounts(conn, scope(year))
    assert {key for key in after if after[key] != before[key]} == {
        "condolence_money",
        "condolence_money_households",
        "condolence_without_visit",
        "gift_money_by_source:OWN",
        "donation_passed_on_money",
        "donation_received_money",
    }


def test_goods_without_a_quantity_never_get_a_number(conn: sa.Connection, year: Year) -> None:
    assert year.village
    books = "paired_goods:图书|套"
    assert isinstance(figures_by_key(conn, scope(year))[books].value, Several)
    give(conn, year.office, year.village, date(2025, 9, 14), "KIND", goods="图书", goods_unit="套", quantity=3)
    give(conn, year.office, year.village, date(2025, 9, 14), "KIND", goods="米/面", goods_unit="袋", quantity=4)
    figure_by_key = figures_by_key(conn, scope(year))
    assert isinstance(figure_by_key[books].value, Several)
    assert (figure_by_key[books].rows, figure_by_key["paired_goods:米／面|袋"].amount) == (2, 4)


def test_report_period_includes_its_first_and_last_day(conn: sa.Connection) -> None:
    organisation = create_organisation(conn)
    household = family(conn, organisation)
    for on in (date(2024, 12, 31), YEAR[0], YEAR[1], date(2026, 1, 1)):
        go(conn, organisation, "hardship", on, household)
        pay(conn, organisation, household, "LIV", 100, on)
    amount_by_key = amounts(conn, Scope(organisation.unit_path, *YEAR))
    assert (amount_by_key["worker_visits"], amount_by_key["aid_grants"]) == (2, 2)


def test_unit_report_includes_units_below_and_no_other_unit(conn: sa.Connection, year: Year) -> None:
    unrelated = create_organisation(conn)
    pay(conn, unrelated, family(conn, unrelated), "LIV", 100_000, date(2025, 3, 3))
    assert amounts(conn, scope(year))["aid_money"] == SEED["aid_money"]
    branch = amounts(conn, Scope(year.branch.unit_path, *YEAR))
    assert branch["aid_money"] == SEED["aid_money"] - 300_000
    assert branch["paired_visits"] == 0


def test_small_item_is_merged_into_other(conn: sa.Connection, year: Year) -> None:
    amount_by_key = amounts(conn, scope(year))
    assert amount_by_key["aid_money_by_item:MED"] == 300_000
    assert "aid_money_by_item:other" not in amount_by_key
    for each in year.laid_off[:2]:
        pay(conn, year.office, each, "ACC", 50_000, date(2025, 6, 3))
    amount_by_key = amounts(conn, scope(year))
    assert {"aid_money_by_item:ACC", "aid_money_by_item:MED"} & amount_by_key.keys() == set()
    assert amount_by_key["aid_money_by_item:other"] == 400_000, "with the next smallest, or the total would tell it"


def test_figures_of_one_snapshot_ignore_a_later_commit(engine: sa.Engine) -> None:
    """Figures are refused outside a snapshot. Inside one, a later commit changes none of them."""
    with engine.connect() as unbound_conn, pytest.raises(SnapshotLost):
        figures.figures(unbound_conn, Scope("/", *YEAR))
    with engine.begin() as setup:
        organisation = create_organisation(setup)
        household = family(setup, organisation)
    unit_scope = Scope(organisation.unit_path, *YEAR)
    with snapshot(engine) as conn:
        before = amounts(conn, unit_scope)
        with engine.begin() as writer:
            pay(writer, organisation, household, "LIV", 100_000, date(2025, 5, 5))
        assert amounts(conn, unit_scope) == before
    with snapshot(engine) as conn:
        assert amounts(conn, unit_scope)["aid_grants"] == 1


def test_evidence_digest_changes_with_the_head_of_any_case(conn: sa.Connection, year: Year) -> None:
    before = evidence(conn, scope(year))
    assert (before.cases, len(before.digest)) == (32, 64)
    assert evidence(conn, scope(year)) == before
    changed_case = sa.select(case.c.id).where(case.c.unit_path == year.branch.unit_path).limit(1).scalar_subquery()
    conn.execute(case.update().where(case.c.id == changed_case).values(version=2, head_hash=bytes(32)))
    assert evidence(conn, scope(year)).digest != before.digest


def test_evidence_pots_equal_the_ledger(conn: sa.Connection, year: Year) -> None:
    pots = evidence(conn, scope(year)).pots
    assert pots["paid"] == 4_460_000, "as it was on the last day: what was paid after it is not in it"
    assert (pots["committed"], pots["recovering"]) == (120_000, 60_000)


def test_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        Scope("/", YEAR[1], YEAR[1] - timedelta(days=1))
