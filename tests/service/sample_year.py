"""The year of the two sample reports (domain/8), exact inside the ranges their words allow."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.db import new_id
from service.tables.gifts import activity
from service.tables.households import pairing
from tests.office import Family, Office, open_office
from tests.service.builders_report import (
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


def hold(tx: sa.Connection, office: Office, on: date, fen: int) -> None:
    """An activity under account 501."""
    tx.execute(
        activity.insert().values(
            id=new_id(),
            unit_id=office.unit_id,
            unit_path=office.unit_path,
            on=on,
            title=f"{NAMES[5]}主持的座谈会",
            kind="forum",
            participants=60,
            fen=fen,
            account_code="50101",
            recorded_by=office.people["registrar"],
            **MADE,
        )
    )


@dataclass
class Year:
    """The union of the sample reports, and the ids a test may want to change."""

    office: Office
    branch: Office
    laid_off: list[Family] = field(default_factory=list)
    relief: list[UUID] = field(default_factory=list)
    tuition: list[UUID] = field(default_factory=list)
    village: Family | None = None


def the_year(tx: sa.Connection) -> Year:
    """篇一 and 篇二 (domain/8), exact inside the ranges the words allow."""
    office = open_office(tx)
    year = Year(office, open_office(tx, above=office))
    tx.execute(sa.text("UPDATE account SET display_name = :name"), {"name": NAMES[2]})
    _families(tx, year)
    _visits(tx, year)
    _grants(tx, year)
    _village(tx, year)
    for on in (date(2025, 3, 9), date(2025, 11, 2)):
        go(tx, office, "bereavement", on)
    go(tx, office, "retired", date(2025, 1, 20))
    donate(tx, office, date(2025, 12, 12), 288_000)
    for month in range(1, 13):
        hold(tx, office, date(2025, month, 8), 362_500)
    return year


def _families(tx: sa.Connection, year: Year) -> None:
    """33 laid off, three quarters of them in the branch; four others; one that left."""
    for number in range(33):
        where = year.office if number % 4 == 0 else year.branch
        category = ("deep", "relative", "relative", "sudden")[number % 4] if number < 30 else None
        year.laid_off.append(family(tx, where, category=category))
    family(tx, year.branch, exited_on=date(2025, 6, 30))


def _visits(tx: sa.Connection, year: Year) -> None:
    for number, each in enumerate(year.laid_off):
        go(tx, year.branch, "festival" if number % 3 == 0 else "hardship", date(2025, 1, 21), each)
    for each in year.laid_off[:4]:
        go(tx, year.branch, "hardship", date(2025, 9, 30), each)
    other = family(tx, year.branch, identity="on_post")
    go(tx, year.branch, "hardship", date(2025, 5, 2), other)
    go(tx, year.branch, "hardship", date(2024, 12, 31), family(tx, year.branch))


def _grants(tx: sa.Connection, year: Year) -> None:
    """Living aid of 38,600 to 20 families, tuition of 3,000 to five in August, medical aid to two; some came to nothing."""
    upper = fund_line(tx, year.office, "UPS", 5_000_000)
    for number, each in enumerate(year.laid_off[:20]):
        fund_id = upper if number < 8 else None
        fen = 200_000 if number else 60_000
        case_id = pay(tx, year.branch, each, "LIV", fen, date(2025, 4 + number % 6, 11), fund_id=fund_id)
        year.relief.append(case_id)
        go(tx, year.branch, "survey", date(2025, 3, 5), each, case_id=case_id)
        go(tx, year.branch, "follow_up", date(2025, 10, 15), each, case_id=case_id)
    for each in year.laid_off[20:25]:
        parts = {"school_year": "2025-2026", "tuition_part": 40_000, "living_part": 20_000, "new_student": True}
        year.tuition.append(pay(tx, year.branch, each, "EDU", 60_000, date(2025, 8, 18), answers=parts))
    for each in year.laid_off[25:27]:
        pay(tx, year.office, each, "MED", 150_000, date(2025, 6, 3))
    pay(tx, year.branch, year.laid_off[27], "LIV", 100_000, date(2026, 1, 2))
    send_back(tx, pay(tx, year.branch, year.laid_off[28], "LIV", 120_000, date(2025, 7, 1)), date(2025, 7, 4))
    gone = pay(tx, year.branch, year.laid_off[29], "LIV", 90_000, date(2025, 7, 1))
    recall(tx, year.branch, gone, date(2025, 9, 1), back=30_000)
    a_case(tx, year.branch, year.laid_off[30], "LIV", state="declined", on=date(2025, 5, 6))
    a_case(tx, year.branch, year.laid_off[31], "LIV", state="withdrawn", on=date(2025, 5, 7))


def _village(tx: sa.Connection, year: Year) -> None:
    """One family in a village: two visits, mattresses, books nobody counted, money for school and house."""
    office = year.office
    year.village = family(tx, office, kind="rural_paired", identity="farmer")
    tx.execute(
        pairing.insert().values(
            id=new_id(),
            household_id=year.village.household_id,
            unit_id=office.unit_id,
            programme_name=NAMES[7],
            issued_by=NAMES[3],
            from_on=date(2025, 1, 1),
        )
    )
    for on in (date(2025, 5, 4), date(2025, 9, 14)):
        go(tx, office, "pairing", on, year.village)
    give(tx, office, year.village, date(2025, 5, 4), "KIND", goods="褥子", goods_unit="床", quantity=2)
    give(tx, office, year.village, date(2025, 5, 4), "KIND", goods="图书", goods_unit="套")
    give(tx, office, year.village, date(2025, 5, 4), "EDU", fen=860_000)
    give(tx, office, year.village, date(2025, 9, 14), "HOU", fen=2_000_000)
