"""No sum of fewer than three families stands in a report, and none can be computed from those that do."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.report.figure import Figure
from service.report.figure_definition import OTHER, SMALL_CELL_THRESHOLD, Scope
from service.report.figures import figures
from service.report.figures_json import figures_json
from service.report.markdown import write_markdown
from service.report.section import Section, make_section
from tests.factories import Family, Organisation, create_organisation
from tests.service.report_fixtures import AS_OF, YEAR, family, fund_line, give, pay


@pytest.fixture
def conn(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection on one snapshot, rolled back when the test ends."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def office(conn: sa.Connection) -> Organisation:
    """A union without families."""
    return create_organisation(conn)


def families(conn: sa.Connection, organisation: Organisation, number: int) -> list[Family]:
    return [family(conn, organisation, category="relative") for _ in range(number)]


def build_section(conn: sa.Connection, organisation: Organisation, lang: str = "zh_CN") -> Section:
    return make_section(conn, organisation.unit_path, *YEAR, AS_OF, lang)


def texts(section: Section) -> dict[str, str]:
    return {each.key: each.text for chapter in section.chapters for each in chapter.paragraphs}


def printed(section: Section) -> str:
    """Return everything that is published of a section."""
    return write_markdown(section) + figures_json(section)


def figures_by_key(conn: sa.Connection, organisation: Organisation) -> dict[str, Figure]:
    return {figure.key: figure for figure in figures(conn, Scope(organisation.unit_path, *YEAR))}


def test_report_of_one_family_states_neither_its_grant_nor_its_category(
    conn: sa.Connection, office: Organisation
) -> None:
    """Regression: a school's report printed 其他项目 1户 8,000.00, and named the category that it withheld."""
    pay(conn, office, families(conn, office, 1)[0], "MED", 812_300, date(2025, 6, 6))
    section = build_section(conn, office)
    assert "8,123" not in printed(section)
    assert "8123" not in printed(section)
    sentences = texts(section)
    assert sentences["aid_small"] == "各项救助共帮扶困难职工家庭1户、1人次，户数过少，金额和项目不单列。"
    assert sentences["on_file"].endswith("在档困难职工家庭1户（各类别不单列）。")
    assert {"no_aid", "sources", "aid_by_item"} & sentences.keys() == set()
    assert section.tables[0].rows[0] == ("全部项目", "1", "1", "不单列")
    assert [table.key for table in section.tables] == ["items"]
    assert not any("资金线" in note for note in section.notes), "the pots would tell the sum"
    withheld = [each for each in json.loads(figures_json(section))["figures"] if each["withheld"]]
    categories = {each["key"].partition(":")[2] for each in withheld if "category" in each["key"]}
    assert categories == {"deep", "relative", "sudden", "unjudged"}, "no category stands out"


def test_small_item_is_merged_with_the_next_smallest(conn: sa.Connection, office: Organisation) -> None:
    """Regression: 其他项目 2户 was the total less the other items."""
    people = families(conn, office, 12)
    for each in people[:2]:
        pay(conn, office, each, "MED", 300_000, date(2025, 3, 3))
    for each in people[2:7]:
        pay(conn, office, each, "LIV", 100_000, date(2025, 3, 3))
    for each in people[7:11]:
        pay(conn, office, each, "EDU", 60_000, date(2025, 8, 18))
    by_key = figures_by_key(conn, office)
    money = {key: figure.amount for key, figure in by_key.items() if key.startswith("aid_money_by_item")}
    assert money == {"aid_money_by_item:EDU": 240_000, "aid_money_by_item:other": 1_100_000}
    assert by_key["aid_households_by_item:other"].amount == 7
    assert by_key["relief_and_tuition_money"].withheld, "the total less this sum is the merged item"
    assert by_key["tuition_money"].amount == 240_000
    sentences = texts(build_section(conn, office))
    assert "aid_paid" not in sentences
    assert "其中助学救助4人次、2,400元，其他项目7人次、11,000元" in sentences["aid_by_item"]


def test_tuition_that_is_merged_has_no_figure_of_its_own(conn: sa.Connection, office: Organisation) -> None:
    people = families(conn, office, 5)
    for each in people[:2]:
        pay(conn, office, each, "EDU", 60_000, date(2025, 8, 18))
    for each in people:
        pay(conn, office, each, "LIV", 100_000, date(2025, 3, 3))
    by_key = figures_by_key(conn, office)
    assert [key for key, figure in by_key.items() if key.startswith("tuition") and not figure.withheld] == []
    assert not any("@" in key for key in by_key)
    sentences = texts(build_section(conn, office))
    assert sentences["aid_undivided"] == "各项救助共帮扶困难职工家庭5户、7人次、6,200元。"
    assert "其他项目" not in "".join(sentences.values()), "其中 does not name an item that is the whole"


def test_absent_tuition_is_not_told_from_merged_tuition(conn: sa.Connection, office: Organisation) -> None:
    people = families(conn, office, 5)
    for each in people[:2]:
        pay(conn, office, each, "MED", 60_000, date(2025, 8, 18))
    for each in people:
        pay(conn, office, each, "LIV", 100_000, date(2025, 3, 3))
    by_key = figures_by_key(conn, office)
    assert by_key["tuition_money"].withheld
    assert by_key["tuition_students"].withheld


def test_source_that_paid_one_family_is_withheld_with_the_next(conn: sa.Connection, office: Organisation) -> None:
    county, upper = fund_line(conn, office, "CNT", 9_000_000), fund_line(conn, office, "UPS", 9_000_000)
    people = families(conn, office, 10)
    pay(conn, office, people[0], "LIV", 812_300, date(2025, 3, 3), fund_id=county)
    for each in people[1:5]:
        pay(conn, office, each, "LIV", 100_000, date(2025, 3, 3))
    for each in people[5:]:
        pay(conn, office, each, "LIV", 100_000, date(2025, 3, 3), fund_id=upper)
    section = build_section(conn, office)
    assert texts(section)["sources"] == "帮扶资金来源：上级工会补助5,000元，其余来源不单列。"
    sources = next(table for table in section.tables if table.key == "sources")
    assert sources.rows == (
        ("上级工会补助", "5,000.00", "0.00", "5,000.00"),
        ("其余来源", "不单列", "0.00", "不单列"),
        ("合计", "17,123.00", "0.00", "17,123.00"),
    )
    assert "8,123" not in printed(section)
    assert any("不足3户" in note for note in section.notes)


def test_condolence_money_of_two_families_is_withheld(conn: sa.Connection, office: Organisation) -> None:
    people = families(conn, office, 3)
    for each in people[:2]:
        give(conn, office, each, date(2025, 1, 20), "SWN", fen=40_615)
    section = build_section(conn, office)
    words = "向2户困难职工家庭发放慰问金，户数过少，金额不单列，不计入帮扶资金。"
    assert texts(section)["condolence_small"] == words
    assert "812.30" not in printed(section)
    give(conn, office, people[2], date(2025, 1, 20), "SWN", fen=40_000)
    assert texts(build_section(conn, office))["condolence_money"] == (
        "向3户困难职工家庭发放慰问金1,212.30元，不计入帮扶资金。"
    )


def test_tuition_month_that_would_reveal_another_is_not_shown(conn: sa.Connection, office: Organisation) -> None:
    people = families(conn, office, 7)
    for each in people[:3]:
        pay(conn, office, each, "EDU", 60_000, date(2025, 8, 18))
    for each in people[3:6]:
        pay(conn, office, each, "EDU", 60_000, date(2025, 9, 18))
    pay(conn, office, people[6], "EDU", 60_000, date(2025, 10, 18))
    months = {key for key in figures_by_key(conn, office) if key.startswith("tuition_money@")}
    assert months == {"tuition_money@2025-09"}


def test_fees_of_one_family_are_not_split_off(conn: sa.Connection, office: Organisation) -> None:
    split = {"tuition_part": 40_000, "living_part": 20_000}
    for number, each in enumerate(families(conn, office, 4)):
        pay(conn, office, each, "EDU", 60_000, date(2025, 8, 18), answers=split if number == 0 else {})
    by_key = figures_by_key(conn, office)
    for name in ("tuition_fee_money", "tuition_living_money", "tuition_unsplit_money"):
        assert by_key[name].withheld
        assert by_key[f"{name}@2025-08"].withheld
    assert "tuition_plain" in texts(build_section(conn, office))


def test_small_categories_are_withheld_and_cannot_be_computed(conn: sa.Connection, office: Organisation) -> None:
    for category, number in (("deep", 1), ("relative", 9), ("sudden", 4)):
        for _ in range(number):
            family(conn, office, category=category)
    figure_by_key = figures_by_key(conn, office)
    figure_of = {
        part: figure_by_key[f"households_on_file_by_category:{part}"] for part in ("deep", "relative", "sudden")
    }
    assert [figure.withheld for figure in figure_of.values()] == [True, False, True]
    assert (figure_of["deep"].value, figure_of["deep"].rows, figure_of["relative"].amount) == (None, None, 9)
    assert figure_by_key["households_on_file"].amount == 14


def test_withheld_category_is_not_named(conn: sa.Connection) -> None:
    organisation = create_organisation(conn)
    for category in ("deep", "relative", "relative", "relative", "relative"):
        family(conn, organisation, category=category)
    section = build_section(conn, organisation)
    assert texts(section)["on_file"].endswith("在档困难职工家庭5户（各类别不单列）。")
    for category in ("sudden",) * 6:
        family(conn, organisation, category=category)
    section = build_section(conn, organisation)
    assert texts(section)["on_file"].endswith("在档困难职工家庭11户（意外致困6户，其余类别不单列）。")
    assert any("不足3户" in note for note in section.notes)


class Cell(NamedTuple):
    """A sum of money by all the labels that a report divides it by."""

    item: str
    source: str
    month: int
    part: str


SOURCES = ("OWN", "CNT", "UPS")
ITEMS = ("LIV", "EDU", "MED", "ACC")
MONTHS = (8, 9, 10)
CELLS = frozenset(
    Cell(item, source, month, part)
    for item in ITEMS
    for source in SOURCES
    for month in MONTHS
    for part in (("fee", "living", "unsplit") if item == "EDU" else ("whole",))
)


def cells_of(figure: Figure, items: set[str | None]) -> frozenset[Cell]:
    """Return the cells that a figure adds up by its definition, whatever they hold."""
    name, _, batch = figure.key.partition("@")
    within = [cell for cell in CELLS if not batch or cell.month == int(batch[-2:])]
    conditions: dict[str, Any] = {
        "aid_money": lambda cell: cell in CELLS,
        "relief_and_tuition_money": lambda cell: cell.item in {"LIV", "EDU"},
        "tuition_money": lambda cell: cell.item == "EDU",
        "tuition_fee_money": lambda cell: cell.part == "fee",
        "tuition_living_money": lambda cell: cell.part == "living",
        "tuition_unsplit_money": lambda cell: cell.part == "unsplit",
        f"aid_money_by_item:{OTHER}": lambda cell: cell.item not in items,
        f"aid_money_by_item:{figure.part}": lambda cell: cell.item == figure.part,
        f"aid_money_by_source:{figure.part}": lambda cell: cell.source == figure.part,
    }
    if figure.part == OTHER:
        return frozenset(cell for cell in within if cell.item not in items)
    return frozenset(filter(conditions[name], within))


def computable(shown: Sequence[frozenset[Cell]]) -> Iterator[frozenset[Cell]]:
    """Yield every shown sum, and what is left of it when other shown sums are subtracted."""
    distinct = list(dict.fromkeys(cells for cells in shown if cells))
    for whole in distinct:
        inside = [cells for cells in distinct if cells < whole]
        for count in range(min(len(inside), 5) + 1):
            for taken in combinations(inside, count):
                if sum(map(len, taken)) == len(frozenset().union(*taken)):
                    yield whole.difference(*taken)


@pytest.mark.parametrize("seed", range(12))
def test_no_small_cell_can_be_computed_from_what_is_shown(conn: sa.Connection, office: Organisation, seed: int) -> None:
    """An attacker subtracts every set of printed sums from every other."""
    random = Random(seed)
    lines = {"OWN": office.fund_id} | {name: fund_line(conn, office, name, 99_000_000) for name in SOURCES[1:]}
    of_cell: dict[Cell, set[UUID]] = {}
    people = families(conn, office, random.randint(1, 9))
    weights = [random.choice((1, 1, 4, 9)) for _ in ITEMS]
    for each in people:
        for item in set(random.choices(ITEMS, weights, k=random.randint(1, 2))):
            source, month = random.choices(SOURCES, (9, 3, 1))[0], random.choices(MONTHS, (6, 3, 1))[0]
            split = item == "EDU" and random.choice((True, True, False))
            answers = {"tuition_part": 40_000, "living_part": 20_000} if split else {}
            pay(conn, office, each, item, 60_000, date(2025, month, 5), fund_id=lines[source], answers=answers)
            parts = ("fee", "living") if split else ("unsplit",) if item == "EDU" else ("whole",)
            for part in parts:
                of_cell.setdefault(Cell(item, source, month, part), set()).add(each.household_id)
    counted = figures(conn, Scope(office.unit_path, *YEAR))
    items = {figure.part for figure in counted if figure.measure.key == "aid_money_by_item"}
    money = ("aid_money", "relief_and_tuition", "tuition_money", "tuition_fee", "tuition_living", "tuition_unsplit")
    shown = [cells_of(each, items) for each in counted if each.key.startswith(money) and not each.withheld]
    for cells in computable(shown):
        behind = set().union(*(of_cell.get(cell, set()) for cell in cells))
        assert not 0 < len(behind) < SMALL_CELL_THRESHOLD, sorted({cell[:3] for cell in cells if cell in of_cell})
