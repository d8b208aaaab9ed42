"""Write the year of the two sample reports (docs/domain/activities.md) into tables."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.db.columns import new_id
from service.tables.activities import activity
from service.tables.pairings import pairing
from tests.factories import Family, Organisation, create_organisation
from tests.service.report_fixtures import (
    MADE,
    NAMES,
    a_case,
    donate,
    family,
    fund_line,
    give,
    go,
    pay,
    recall,
    send_back,
)


def hold(conn: sa.Connection, organisation: Organisation, on: date, fen: int) -> None:
    """Record an activity under account 501."""
    conn.execute(
        activity.insert().values(
            natural_key=new_id().hex,
            id=new_id(),
            unit_id=organisation.unit_id,
            unit_path=organisation.unit_path,
            on=on,
            title=f"{NAMES[5]}主持的座谈会",
            kind="forum",
            participants=60,
            fen=fen,
            account_code="50101",
            recorded_by=organisation.people["registrar"],
            **MADE,
        )
    )


@dataclass
class Year:
    """The union of the sample reports, with the ids that tests change."""

    office: Organisation
    branch: Organisation
    laid_off: list[Family] = field(default_factory=list)
    relief: list[UUID] = field(default_factory=list)
    tuition: list[UUID] = field(default_factory=list)
    village: Family | None = None


def the_year(conn: sa.Connection) -> Year:
    """Write the year of 篇一 and 篇二 (docs/domain/activities.md), exact within the ranges of their words."""
    organisation = create_organisation(conn)
    year = Year(organisation, create_organisation(conn, above=organisation))
    conn.execute(sa.text("UPDATE account SET display_name = :name"), {"name": NAMES[2]})
    _families(conn, year)
    _visits(conn, year)
    _grants(conn, year)
    _village(conn, year)
    for on in (date(2025, 3, 9), date(2025, 11, 2)):
        go(conn, organisation, "bereavement", on)
    go(conn, organisation, "retired", date(2025, 1, 20))
    donate(conn, organisation, date(2025, 12, 12), 288_000)
    for month in range(1, 13):
        hold(conn, organisation, date(2025, month, 8), 362_500)
    return year


def _families(conn: sa.Connection, year: Year) -> None:
    """Write 33 laid-off families, three quarters of them in the branch, and one that left."""
    for number in range(33):
        filing_unit = year.office if number % 4 == 0 else year.branch
        category = ("deep", "relative", "relative", "sudden")[number % 4] if number < 30 else None
        year.laid_off.append(family(conn, filing_unit, category=category))
    family(conn, year.branch, exited_on=date(2025, 6, 30))


def _visits(conn: sa.Connection, year: Year) -> None:
    for number, each in enumerate(year.laid_off):
        go(conn, year.branch, "festival" if number % 3 == 0 else "hardship", date(2025, 1, 21), each)
    for each in year.laid_off[:4]:
        go(conn, year.branch, "hardship", date(2025, 9, 30), each)
    other = family(conn, year.branch, identity="on_post")
    go(conn, year.branch, "hardship", date(2025, 5, 2), other)
    go(conn, year.branch, "hardship", date(2024, 12, 31), family(conn, year.branch))


def _grants(conn: sa.Connection, year: Year) -> None:
    """Write living aid of 38,600 yuan to 20 families, tuition aid of 3,000 to five, medical aid to three, and cases that
    were returned, recalled, declined, withdrawn or paid in the next year.
    """
    upper_fund_id = fund_line(conn, year.office, "UPS", 5_000_000)
    for number, each in enumerate(year.laid_off[:20]):
        fund_id = upper_fund_id if number < 8 else None
        fen = 200_000 if number else 60_000
        case_id = pay(conn, year.branch, each, "LIV", fen, date(2025, 4 + number % 6, 11), fund_id=fund_id)
        year.relief.append(case_id)
        go(conn, year.branch, "survey", date(2025, 3, 5), each, case_id=case_id)
        go(conn, year.branch, "follow_up", date(2025, 10, 15), each, case_id=case_id)
    for each in year.laid_off[20:25]:
        tuition_answers = {
            "school_year": "2025-2026",
            "tuition_part": 40_000,
            "living_part": 20_000,
            "new_student": True,
        }
        year.tuition.append(pay(conn, year.branch, each, "EDU", 60_000, date(2025, 8, 18), answers=tuition_answers))
    for each in year.laid_off[25:28]:
        pay(conn, year.office, each, "MED", 100_000, date(2025, 6, 3))
    pay(conn, year.branch, year.laid_off[27], "LIV", 100_000, date(2026, 1, 2))
    send_back(conn, pay(conn, year.branch, year.laid_off[28], "LIV", 120_000, date(2025, 7, 1)), date(2025, 7, 4))
    recalled_case_id = pay(conn, year.branch, year.laid_off[29], "LIV", 90_000, date(2025, 7, 1))
    recall(conn, year.branch, recalled_case_id, date(2025, 9, 1), back=30_000)
    a_case(conn, year.branch, year.laid_off[30], "LIV", state="declined", on=date(2025, 5, 6))
    a_case(conn, year.branch, year.laid_off[31], "LIV", state="withdrawn", on=date(2025, 5, 7))


def _village(conn: sa.Connection, year: Year) -> None:
    """Write one family in a village: two visits, mattresses, uncounted books, money for school and housing."""
    organisation = year.office
    year.village = family(conn, organisation, kind="rural_paired", identity="farmer")
    conn.execute(
        pairing.insert().values(
            natural_key=new_id().hex,
            id=new_id(),
            household_id=year.village.household_id,
            unit_id=organisation.unit_id,
            programme_name=NAMES[7],
            issued_by=NAMES[3],
            from_on=date(2025, 1, 1),
        )
    )
    for on in (date(2025, 5, 4), date(2025, 9, 14)):
        go(conn, organisation, "pairing", on, year.village)
    give(conn, organisation, year.village, date(2025, 5, 4), "KIND", goods="褥子", goods_unit="床", quantity=2)
    give(conn, organisation, year.village, date(2025, 5, 4), "KIND", goods="图书", goods_unit="套")
    give(conn, organisation, year.village, date(2025, 5, 4), "EDU", fen=860_000)
    give(conn, organisation, year.village, date(2025, 9, 14), "HOU", fen=2_000_000)
