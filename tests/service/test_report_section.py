"""The welfare section has the sample report's wording, exact values and no personal names."""

import json
import re
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from docx.oxml import parse_xml

from service.i18n.catalogue import LANGUAGES, catalogue
from service.report.docx_writer import write_docx
from service.report.figure_definitions import TABLE
from service.report.figures_json import figures_json
from service.report.markdown import write_markdown
from service.report.section import NoSuchUnit, Section, make_section
from service.report.section_tables import FigureCell
from service.report.sentence_templates import SENTENCES
from tests.factories import create_organisation
from tests.service.report_fixtures import AS_OF, NAMES, YEAR, family, give, go, pay, pay_again, send_back
from tests.service.sample_year import Year
from workflows import wording
from workflows.wording import Quantity, Several, cell

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


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


def build_section(conn: sa.Connection, year: Year, lang: str = "zh_CN") -> Section:
    return make_section(conn, year.office.unit_path, *YEAR, AS_OF, lang)


def texts(section: Section) -> dict[str, str]:
    return {each.key: each.text for chapter in section.chapters for each in chapter.paragraphs}


SEED = (
    "走访慰问下岗困难职工30多户",
    "发放救助、助学金4万多元",
    "8月为5户困难职工家庭的子女发放学费、生活费3,000元",
    "结对帮扶的农村家庭走访2次，送去褥子2床、图书数套、资金28,000余元",
    "不计入走访户数",
    "吊唁慰问2次",
    "转交捐款2,880元",
    "不计入本会帮扶资金",
    "支出4万余元，列职工活动支出科目，与帮扶资金分开核算",
)


@pytest.mark.parametrize("words", SEED)
def test_section_of_the_sample_year_has_the_words_of_the_sample_report(
    conn: sa.Connection, year: Year, words: str
) -> None:
    assert words in "".join(texts(build_section(conn, year)).values())


def test_printed_figure_is_true_of_its_exact_value(conn: sa.Connection, year: Year) -> None:
    """Each printed figure is true of its exact value, as an auditor checks it (docs/domain/report.md §6.4)."""
    section = build_section(conn, year)
    exact_values = {figure.key: figure.value for figure in section.figures}
    printed_figures = list(section.said)
    assert len(printed_figures) > 30
    for sentence, printed in printed_figures:
        value = exact_values[printed.figure]
        assert value is not None
        assert wording.holds(printed.words, value), (sentence, printed)
        assert printed.words in texts(section)[sentence]


def test_printed_number_is_always_part_of_a_figure(conn: sa.Connection, year: Year) -> None:
    paragraphs = [each for chapter in build_section(conn, year).chapters for each in chapter.paragraphs]
    assert paragraphs
    for paragraph in paragraphs:
        remainder = paragraph.text.replace("2025年12月31日", "").replace("8月", "")
        for each in sorted(paragraph.said, key=lambda printed: -len(printed.words)):
            remainder = remainder.replace(each.words, "", 1)
        assert not re.search(r"\d", remainder), (paragraph.key, remainder)


def test_returned_grant_changes_only_the_sentences_that_depend_on_it(conn: sa.Connection, year: Year) -> None:
    before = texts(build_section(conn, year))
    send_back(conn, year.tuition[0], date(2025, 8, 20))
    after = texts(build_section(conn, year))
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert changed == {"tuition_both", "aid_by_item", "sources", "came_back"}
    assert "为4户困难职工家庭的子女发放学费、生活费2,400元，受助学生4人" in after["tuition_both"]
    pay_again(conn, year.branch, year.tuition[0], year.branch.fund_id, 60_000, date(2025, 8, 25))
    repaid = texts(build_section(conn, year))
    assert {key for key in before if before[key] != repaid[key]} == {"came_back"}


def test_section_of_an_empty_period_has_one_sentence(conn: sa.Connection) -> None:
    organisation = create_organisation(conn)
    section = make_section(conn, organisation.unit_path, date(2025, 1, 1), date(2025, 3, 31), AS_OF)
    assert texts(section) == {
        "nothing": "第一季度还没有走访、救助、慰问和捐助的记录。如有工作尚未登记，补录后重新生成本节即可。"
    }
    assert section.headline[0].endswith("2025年第一季度")
    assert section.tables == (), "a table of zeros, with a total that sums nothing, is not printed"


def test_section_omits_or_states_what_did_not_happen(conn: sa.Connection) -> None:
    organisation = create_organisation(conn)
    go(conn, organisation, "bereavement", date(2025, 2, 2))
    sentences = texts(make_section(conn, organisation.unit_path, *YEAR, AS_OF))
    assert set(sentences) == {"no_visits", "no_aid", "bereavement", "none_on_file"}
    assert sentences["no_aid"] == "全年没有向困难职工家庭发放救助、助学金。"


def test_pairing_with_only_gifts_or_only_visits_has_a_sentence_of_its_own(conn: sa.Connection) -> None:
    organisation = create_organisation(conn)
    household = family(conn, organisation, kind="rural_paired", identity="farmer")
    give(conn, organisation, household, date(2025, 5, 4), "EDU", fen=2_800_000)
    sentences = texts(make_section(conn, organisation.unit_path, *YEAR, AS_OF))
    assert sentences["paired_gifts"] == "向结对帮扶的农村家庭送去资金28,000元。", (
        "a round value takes neither 多 nor 余"
    )
    branch = create_organisation(conn, above=organisation)
    go(conn, branch, "pairing", date(2025, 5, 4), household)
    sentences = texts(make_section(conn, branch.unit_path, *YEAR, AS_OF))
    assert sentences["paired_visits"] == "结对帮扶的农村家庭走访1次。"


@pytest.mark.parametrize(
    ("answers", "key"),
    [
        ({"tuition_part": 60_000}, "tuition_fee"),
        ({"living_part": 60_000}, "tuition_living"),
        ({}, "tuition_plain"),
        ({"tuition_part": 50_000}, "tuition_plain"),
    ],
)
def test_tuition_sentence_names_the_part_that_was_paid(conn: sa.Connection, answers: dict[str, int], key: str) -> None:
    organisation = create_organisation(conn)
    for _ in range(3):
        pay(conn, organisation, family(conn, organisation), "EDU", 60_000, date(2025, 9, 9), answers=answers)
    assert [name for name in texts(make_section(conn, organisation.unit_path, *YEAR, AS_OF)) if "tuition" in name] == [
        key
    ]


def test_section_tables_add_up(conn: sa.Connection, year: Year) -> None:
    items, sources, visits, terms = build_section(conn, year).tables
    assert items.rows[-2:] == (("合计", "28", "28", "44,600.00"), ("另：结对帮扶（非职工）", "1", "—", "28,600.00"))
    assert sources.rows[-1] == ("合计", "44,600.00", "28,600.00", "73,200.00")
    assert ("吊唁慰问", "2", "次", "—") in visits.rows
    assert ("4万多元", "41,600元") in {row[:2] for row in terms.rows}
    assert ("4万余元", "43,500元") in {row[:2] for row in terms.rows}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_section_in_any_language_prints_no_personal_name(
    conn: sa.Connection, year: Year, lang: str, tmp_path: Path
) -> None:
    section = build_section(conn, year, lang)
    write_docx(section, tmp_path / "section.docx")
    with zipfile.ZipFile(tmp_path / "section.docx") as parts:
        assert "2,880" in parts.read("word/document.xml").decode()
        inside = "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
    for printed in (inside, write_markdown(section), figures_json(section)):
        assert not [name for name in NAMES if name in printed]


def test_figures_json_describes_each_figure_completely(conn: sa.Connection, year: Year) -> None:
    document = json.loads(figures_json(build_section(conn, year)))
    figure_by_key = {figure["key"]: figure for figure in document["figures"]}
    assert len(figure_by_key) == len(document["figures"])
    relief = figure_by_key["relief_and_tuition_money"]
    assert (relief["value"], relief["unit"], relief["rows"]) == ("41600.00", "元", 25)
    choices = ["41,600元", "4.16万元", "4万多元"]
    assert relief["words"] == {"exact": "41,600元", "spoken": "4万多元", "choices": choices}
    assert relief["used"] == [{"sentence": "aid_paid", "form": "many", "words": "4万多元"}]
    assert (relief["basis"], relief["period"]) == ("paid", {"from": "2025-01-01", "to": "2025-12-31"})
    query = f"unit={year.office.unit_id}&from=2025-08-01&to=2025-08-31"
    link = f"/api/v1/reports/welfare/figures/tuition_money/rows?{query}"
    assert figure_by_key["tuition_money@2025-08"]["link"] == link
    books = figure_by_key["paired_goods:图书|套"]
    assert (books["value"], books["at_least"], books["unit"], books["words"]["exact"]) == (None, 2, "套", "数套")
    assert document["as_of"] == AS_OF.isoformat()


def test_section_written_twice_gives_the_same_bytes(conn: sa.Connection, year: Year, tmp_path: Path) -> None:
    first, second = tmp_path / "one.docx", tmp_path / "other.docx"
    write_docx(build_section(conn, year), first)
    write_docx(build_section(conn, year), second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as parts:
        assert {part.date_time for part in parts.infolist()} == {(2026, 1, 5, 1, 30, 0)}


def test_word_page_has_the_official_layout(conn: sa.Connection, year: Year, tmp_path: Path) -> None:
    """GB/T 9704: A4, margins 37/35/28/26 mm, 22 lines; 28 characters of 16 pt, fonts named for every script."""
    write_docx(build_section(conn, year), tmp_path / "section.docx")
    with zipfile.ZipFile(tmp_path / "section.docx") as parts:
        body, styles = (parse_xml(parts.read(f"word/{name}.xml")) for name in ("document", "styles"))
    page: Any = body.find(f".//{W}sectPr")
    size, margins, grid = (page.find(f"{W}{tag}") for tag in ("pgSz", "pgMar", "docGrid"))
    assert size is not None
    assert margins is not None
    assert grid is not None
    assert [_mm(size.attrib[f"{W}{side}"]) for side in ("w", "h")] == [210, 297]
    assert [_mm(margins.attrib[f"{W}{side}"]) for side in ("top", "bottom", "left", "right")] == [37, 35, 28, 26]
    assert int(225 / 25.4 * 1440) // int(grid.attrib[f"{W}linePitch"]) == 22
    character_width = 16 + int(_find_style(styles, "Normal", "spacing").attrib[f"{W}val"]) / 20
    assert int(156 / 25.4 * 72 / character_width) == 28
    for name in ("Normal", "Title", "Heading1", "BodyText", "BodyText2", "BodyText3", "Caption", "Footer"):
        fonts = _find_style(styles, name, "rFonts").attrib
        assert len({fonts[f"{W}{script}"] for script in ("ascii", "hAnsi", "eastAsia", "cs")}) == 1
    assert len(body.findall(f".//{W}tbl")) == len(body.findall(f".//{W}tblHeader")) == 4


def _find_style(styles: Any, name: str, tag: str) -> Any:
    element = styles.find(f".//{W}style[@{W}styleId='{name}']/{W}rPr/{W}{tag}")
    assert element is not None, (name, tag)
    return element


def _mm(twentieths: str) -> int:
    return round(int(twentieths) / 1440 * 25.4)


def test_markdown_escapes_the_characters_of_a_text(conn: sa.Connection) -> None:
    organisation = create_organisation(conn)
    village = family(conn, organisation, kind="rural_paired", identity="farmer")
    give(
        conn,
        organisation,
        village,
        date(2025, 5, 4),
        "KIND",
        goods="[棉被](http://example.org)|*",
        goods_unit="床",
        quantity=3,
    )
    printed = write_markdown(make_section(conn, organisation.unit_path, *YEAR, AS_OF))
    assert r"\[棉被\](http:／／example.org)\|\*3床" in printed


def test_english_section_claims_no_more_than_the_chinese(conn: sa.Connection, year: Year) -> None:
    sentences = texts(build_section(conn, year, "en"))
    assert "more than 30 households" in sentences["visited_laid_off"]
    assert "more than 40,000 yuan" in sentences["aid_paid"]
    assert "3,000 yuan" in sentences["tuition_both"]
    assert "several" in sentences["paired_both"]


def test_section_of_an_unknown_unit_is_refused(conn: sa.Connection) -> None:
    with pytest.raises(NoSuchUnit):
        make_section(conn, f"/{'0' * 32}/", *YEAR, AS_OF)


def test_sentence_in_any_language_has_a_slot_for_each_of_its_values() -> None:
    report_slots = {"whole", "end", "month"}
    for lang in LANGUAGES:
        for sentence in SENTENCES:
            slots = set(re.findall(r"\{(\w+)\}", catalogue(lang)[f"report.sentence.{sentence.key}"]))
            names = {slot.name for slot in sentence.places} | {listing.name for listing in sentence.listings}
            assert names <= slots <= names | report_slots, (lang, sentence.key)


def test_quantities_of_unlike_units_cannot_be_added() -> None:
    with pytest.raises(TypeError):
        Quantity(1, wording.HOUSEHOLDS) + Quantity(1, wording.PERSONS)
    with pytest.raises(TypeError):
        wording.total(wording.YUAN, [Several(wording.pieces("套"))])


def test_figure_definition_has_words_in_every_language() -> None:
    for lang in LANGUAGES:
        words = catalogue(lang)
        for measure in TABLE:
            assert words[measure.title]
            assert words[measure.definition]
            assert words[f"report.basis.{measure.basis.value}"]


def test_cell_of_a_table_states_the_figure_whose_rows_it_leads_to(conn: sa.Connection, year: Year) -> None:
    """Why: an auditor who follows a number of a table must come to the rows of that number."""
    section = build_section(conn, year)
    known = {figure.key: figure.value for figure in section.figures}
    cells = [each for table in section.tables for row in table.rows for each in row if isinstance(each, FigureCell)]
    assert {table.key for table in section.tables if any(isinstance(c, FigureCell) for r in table.rows for c in r)} == {
        "items",
        "sources",
        "visits",
    }
    assert len(cells) > 20
    assert [each for each in cells if cell(known[each.figure]) != each] == []
