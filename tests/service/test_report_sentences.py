"""Sentences, notes and tables of the section say what happened in the period, and no more."""

import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from docx import Document

from service.i18n.catalogue import LANGUAGES
from service.report.docx_writer import write_docx
from service.report.evidence import evidence
from service.report.figure_definition import Scope
from service.report.figures_json import figures_json
from service.report.markdown import write_markdown
from service.report.periods import format_period, format_whole
from service.report.section import Section, make_section
from tests.factories import Organisation, create_organisation
from tests.service.report_fixtures import AS_OF, YEAR, a_case, family, give, go, pay, recall
from tests.service.sample_year import Year, hold


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


@pytest.fixture
def office(conn: sa.Connection) -> Organisation:
    """A union without families."""
    return create_organisation(conn)


def section_of(conn: sa.Connection, organisation: Organisation, lang: str = "zh_CN") -> Section:
    return make_section(conn, organisation.unit_path, *YEAR, AS_OF, lang)


def texts(section: Section) -> dict[str, str]:
    return {each.key: each.text for chapter in section.chapters for each in chapter.paragraphs}


def test_gift_of_money_claims_no_visit(conn: sa.Connection, office: Organisation) -> None:
    """Regression: money sent to bank cards was printed as 走访困难职工家庭时送去慰问金."""
    for _ in range(171):
        give(conn, office, family(conn, office), date(2025, 1, 20), "SWN", fen=150_000)
    sentences = texts(section_of(conn, office))
    assert sentences["condolence_money"] == "向171户困难职工家庭发放慰问金256,500元，不计入帮扶资金。"
    assert not [text for text in sentences.values() if "走访" in text], "neither claimed nor denied"


def test_gift_of_goods_claims_no_visit(conn: sa.Connection, office: Organisation) -> None:
    for _ in range(2):
        household = family(conn, office)
        give(conn, office, household, date(2025, 1, 20), "KIND", goods="大米", goods_unit="袋", quantity=1)
        give(conn, office, household, date(2025, 1, 20), "KIND", goods="食用油", goods_unit="桶", quantity=2)
    sentences = texts(section_of(conn, office))
    assert sentences["condolence_goods"] == "向2户困难职工家庭送去大米2袋、食用油4桶，不计入帮扶资金。"
    assert "no_visits" not in sentences


def test_survey_is_a_visit_and_none_is_denied(conn: sa.Connection, office: Organisation) -> None:
    household = family(conn, office)
    case_id = a_case(conn, office, household, "LIV", state="declined", on=date(2025, 2, 1))
    go(conn, office, "survey", date(2025, 2, 2), household, case_id=case_id)
    sentences = texts(section_of(conn, office))
    assert sentences["surveys"] == "为办理救助入户调查1户次。"
    assert "no_visits" not in sentences


def test_zeros_are_not_spelled_out(conn: sa.Connection, office: Organisation) -> None:
    """Regression: 退出0户, 不予救助0件, 核销0元, 发放后回访0户次."""
    households = [family(conn, office, filed_on=date(2025, 2, 1)) for _ in range(4)]
    case_ids = [pay(conn, office, each, "LIV", 100_000, date(2025, 3, 3)) for each in households]
    for each, case_id in zip(households, case_ids, strict=True):
        go(conn, office, "survey", date(2025, 2, 2), each, case_id=case_id)
    recall(conn, office, case_ids[0], date(2025, 5, 5), back=100_000)
    hold(conn, office, date(2025, 3, 8), 0)
    section = section_of(conn, office)
    sentences = texts(section)
    assert sentences["filings"] == "期内新建档4户。"
    assert sentences["handled"] == "期内受理申请4件，办结4件。"
    assert sentences["came_back"] == "决定追回1,000元，已从发放数中扣除。"
    assert sentences["settled"] == "追回款收回入账1,000元。"
    assert sentences["activities_only"] == "举办职工活动1次。"
    printed = "".join((*sentences.values(), *section.notes))
    assert not re.search(r"(?<![0-9,.])0(户|元|件|次|人)", printed), printed


def test_file_closed_in_the_period_is_told_when_none_is_left(conn: sa.Connection, office: Organisation) -> None:
    family(conn, office, filed_on=date(2025, 2, 1), exited_on=date(2025, 11, 1))
    a_case(conn, office, family(conn, office, kind="rural_paired"), "LIV", state="declined", on=date(2025, 5, 6))
    sentences = texts(section_of(conn, office))
    assert sentences["none_on_file"] == "截至2025年12月31日，没有在档困难职工家庭。"
    assert sentences["filings"] == "期内新建档1户，退出1户。"


def test_only_item_is_not_divided(conn: sa.Connection, office: Organisation) -> None:
    """Regression: 其中其他项目 as the only item."""
    for _ in range(3):
        pay(conn, office, family(conn, office), "MED", 100_000, date(2025, 3, 3))
    sentences = texts(section_of(conn, office))
    assert sentences["aid_of_one_item"] == "各项救助共帮扶困难职工家庭3户、3人次、3,000元，均为医疗救助。"
    assert "aid_by_item" not in sentences
    sources = next(table for table in section_of(conn, office).tables if table.key == "sources")
    assert [row[0] for row in sources.rows] == ["本级工会经费"], "one row has no total"


def test_total_of_visits_is_no_sum_of_its_part(conn: sa.Connection, year: Year) -> None:
    """Regression: 走访…合计34户 stood after a part of it, and sums nothing."""
    assert texts(section_of(conn, year.office))["visited_workers"] == "共走访慰问困难职工家庭34户、38户次。"


def test_sum_of_activities_is_said_truly(conn: sa.Connection, office: Organisation) -> None:
    """Regression: 462,227元 was printed as 40万余元."""
    hold(conn, office, date(2025, 3, 8), 46_222_700)
    section = section_of(conn, office)
    assert "支出46万余元" in texts(section)["activities"]
    terms = next(table for table in section.tables if table.key == "terms")
    assert [row[:2] for row in terms.rows] == [("46万余元", "462,227元")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_of_the_program_is_printed(conn: sa.Connection, year: Year, lang: str, tmp_path: Path) -> None:
    """Regression: item codes, figures.json and a SHA-256 stood in the text; the Word file has the same text."""
    section = section_of(conn, year.office, lang)
    write_docx(section, tmp_path / "section.docx")
    word = Document(str(tmp_path / "section.docx"))
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    for text in (write_markdown(section), "\n".join([*(each.text for each in word.paragraphs), *cells])):
        assert not re.search(r"LIV|EDU|MED|HOU|SHA|\.json|\b50[12]\b|[0-9a-f]{16}", text)
    markdown = write_markdown(section).replace("\\", "")
    paragraphs = [each.text for each in word.paragraphs if each.text.strip()]
    missing = [each for each in paragraphs[1:] if each not in markdown]
    assert missing == [], "both say the same"


def test_exact_figure_is_not_repeated_as_its_own_definition(conn: sa.Connection, year: Year) -> None:
    """Regression: the table of rounded figures had rows such as 5户 | 5户."""
    terms = next(table for table in section_of(conn, year.office).tables if table.key == "terms")
    assert terms.title == "概数与准确数"
    assert [row for row in terms.rows if row[0] == row[1]] == []
    assert ("数套", "未计数") in {row[:2] for row in terms.rows}


def test_note_on_rounded_figures_needs_one(conn: sa.Connection, office: Organisation, year: Year) -> None:
    go(conn, office, "retired", date(2025, 1, 20))
    assert not [note for note in section_of(conn, office).notes if "准确数见上表" in note]
    assert [note for note in section_of(conn, year.office).notes if "准确数见上表" in note]


def test_balance_below_zero_is_said(conn: sa.Connection, office: Organisation) -> None:
    """A receipt may be entered under a later day than what was spent of it."""
    for _ in range(3):
        pay(conn, office, family(conn, office), "LIV", 100_050, date(2025, 1, 1))
    day = make_section(conn, office.unit_path, date(2025, 1, 1), date(2025, 1, 1), AS_OF)
    (note,) = [each for each in day.notes if each.startswith("资金线")]
    assert note.endswith("：可用-3,001.50元，已发放3,001.50元。")
    assert '"available": "-3001.50"' in figures_json(day)


def test_balances_are_those_of_the_last_day_of_the_period(conn: sa.Connection, year: Year) -> None:
    """Regression: a report of half a year showed the balances of the day on which it was made."""
    ends = [date(2025, month, 28) for month in (1, 4, 7, 12)] + [date(2025, 12, 31)]
    paid = [evidence(conn, Scope(year.office.unit_path, YEAR[0], end)).pots["paid"] for end in ends]
    assert paid[0] == 0
    assert all(earlier <= later for earlier, later in pairwise(paid))
    half = make_section(conn, year.office.unit_path, date(2025, 1, 1), date(2025, 6, 30), AS_OF)
    (note,) = [each for each in half.notes if each.startswith("资金线")]
    first_half = evidence(conn, Scope(year.office.unit_path, YEAR[0], date(2025, 6, 30))).pots
    assert "2025年6月30日余额" in note
    assert f"已发放{first_half['paid'] // 100:,}元" in note
    assert 0 < first_half["paid"] < paid[-1]
    assert sum(first_half.values()) == sum(evidence(conn, Scope(year.office.unit_path, *YEAR)).pots.values())


@pytest.mark.parametrize(
    ("start", "end", "name", "whole"),
    [
        (date(2025, 1, 1), date(2025, 12, 31), "2025年", "全年"),
        (date(2025, 1, 1), date(2025, 6, 30), "2025年上半年", "上半年"),
        (date(2025, 7, 1), date(2025, 12, 31), "2025年下半年", "下半年"),
        (date(2025, 4, 1), date(2025, 6, 30), "2025年第二季度", "第二季度"),
        (date(2024, 2, 1), date(2024, 2, 29), "2024年2月", "当月"),
        (date(2024, 10, 1), date(2025, 9, 30), "2025统计年度", "统计年度内"),
        (date(2024, 9, 1), date(2025, 8, 31), "2024-2025学年", "学年内"),
        (date(2023, 1, 1), date(2025, 12, 31), "2023年至2025年", "期内"),
        (date(2025, 10, 1), date(2025, 9, 30).replace(year=2026), "2026统计年度", "统计年度内"),
        (date(2025, 1, 1), date(2025, 6, 29), "2025年1月1日至2025年6月29日", "期内"),
        (date(2024, 2, 1), date(2024, 2, 28), "2024年2月1日至2024年2月28日", "期内"),
        (date(2024, 1, 1), date(2025, 6, 30), "2024年1月1日至2025年6月30日", "期内"),
        (date(2025, 2, 3), date(2025, 2, 3), "2025年2月3日至2025年2月3日", "期内"),
    ],
)
def test_period_with_a_name_is_called_by_it(start: date, end: date, name: str, whole: str) -> None:
    assert format_period(start, end, "zh_CN") == name
    assert format_whole(start, end, "zh_CN") == whole
    assert format_period(start, end, "en")
