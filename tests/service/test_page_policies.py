"""Policy sets on pages: in words, previewed before they are proposed, with the families that they would change."""

import io
import re
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service.queries.policy_effects import Effect, effects
from service.tables.confirmations import confirmation
from service.tables.policies import policy_set
from service.web.policy_lines import line_of
from service.web.policy_words import changes, parameters
from tests.api_client import ApiClient
from tests.factories import create_organisation
from tests.service.browser import Browser, Page, browser_of
from tests.service.policy_fixtures import TEXT, apply_for, file_family, line, own_policy
from workflows.policy_parser import read_policy
from workflows.vocabulary import Fen

Open = Callable[[str], Browser]
ENDS = ("effective_from = 2025-01-01", "effective_from = 2025-01-01\neffective_to = 2025-09-30")
POOR, MIDDLE = line("income", "wage", "40000.00"), line("income", "wage", "90000.00")
"""A family of three with 1,111 yuan a head and month, and one with 2,500: over twice the line of 1,062."""


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def loaded(desk: ApiClient) -> tuple[str, str]:
    """Load a set of a new division until the end of September; return the division and the text."""
    division, text = own_policy(ENDS)
    desk.confirmed("admin", "/policy-sets", {"source": text, "urgent": "示例"}, by=("auditor",))
    return division, text


def next_set(text: str, *passages: tuple[str, str]) -> str:
    """Return the set that follows from October, with changed passages."""
    text = text.replace(ENDS[1], "effective_from = 2025-10-01").replace("version = 1", "version = 2")
    for old, new in passages:
        assert old in text
        text = text.replace(old, new)
    return text


RAISED = ('person_month = "1062.00"', 'person_month = "1300.00"')


def numbers(page: Page) -> dict[str, list[int]]:
    """Return the table of effects: by effect, the number of files and of cases."""
    found = re.findall(r"<tr><th[^>]*>(新符合|不再符合|类别改变)</th>(.*?)</tr>", page.text, re.DOTALL)
    return {
        name: [int(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td.*?</td>", row)] for name, row in found
    }


def waiting(engine: sa.Engine, desk: ApiClient) -> int:
    """Return how many proposals of the administrator wait."""
    own = confirmation.c.proposed_by == desk.office.people["admin"], confirmation.c.state == "proposed"
    with engine.connect() as conn:
        return conn.scalar(sa.select(sa.func.count()).where(*own)) or 0


def test_preview_counts_whom_a_new_line_changes_and_writes_nothing(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    division, text = loaded(desk)
    poor, middle = (file_family(desk, each, division=division) for each in (POOR, MIDDLE))
    apply_for(desk, middle, "LIV", "2000.00")
    apply_for(desk, poor, "LIV", "2000.00")
    admin = open_as("admin")
    shown = admin.fill("/policies/new", source=next_set(text, RAISED), _do="preview")
    assert shown.status == 200
    assert numbers(shown) == {"新符合": [1, 1], "不再符合": [0, 0], "类别改变": [1, 1]}
    assert "1,300.00 元/月" in shown.text
    assert "auditor" in shown.text, "who may confirm is named"
    assert "/policies/proposals/" not in shown.text
    assert poor["file_no"] not in shown.text
    assert waiting(engine, desk) == 0
    with engine.connect() as conn:
        assert conn.scalar(sa.select(sa.func.count()).where(policy_set.c.region == division)) == 1


def test_previewed_set_is_proposed_confirmed_by_another_and_listed(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    division, text = loaded(desk)
    family = file_family(desk, MIDDLE, division=division)
    admin, auditor = open_as("admin"), open_as("auditor")
    shown = admin.fill("/policies/new", source=next_set(text, RAISED), _do="preview")
    proposed = admin.send("/policies/new", shown, _do="propose")
    assert proposed.status == 303
    assert waiting(engine, desk) == 1
    assert "等待确认的" in admin.open("/policies").text
    page = auditor.open(proposed.leads_to)
    assert numbers(page)["新符合"] == [1, 0]
    [lists] = set(re.findall(r'href="(/policies/proposals/[^"]+/files\?effect=passes)"', page.text))
    affected = auditor.open(lists.replace("&amp;", "&")).text
    assert family["file_no"] in affected
    assert "示例甲" not in affected
    assert "示**" in affected or "示*" in affected
    digest = re.findall(r'name="digest" value="([0-9a-f]+)"', page.text)[0]
    done = auditor.send(f"{proposed.leads_to}/confirm", page, digest=digest)
    assert done.status == 303, done.summary
    with engine.connect() as conn:
        row = conn.execute(
            sa.select(policy_set).where(policy_set.c.region == division).order_by(policy_set.c.id.desc())
        )
        newest = row.first()
    assert newest is not None
    assert newest.version == "2"
    one = open_as("registrar").open(f"/policies/{newest.id}").text
    assert "尚未施行" in one
    assert "与前一个政策集的差别" in one
    assert "撤回政策集" not in one, "a registrar withdraws no rules"


def test_affected_lists_show_nothing_of_units_that_the_reader_does_not_see(
    shared_app: Flask, desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    division, text = loaded(desk)
    file_family(desk, MIDDLE, division=division)
    admin = open_as("admin")
    shown = admin.fill("/policies/new", source=next_set(text, RAISED), _do="preview")
    number = admin.send("/policies/new", shown, _do="propose").leads_to.rpartition("/")[2]
    path = f"/policies/proposals/{number}/files"
    assert admin.open(path).refusal == (403, ["role_missing"]), "an administrator holds no role of a reader"
    with engine.begin() as conn:
        elsewhere = ApiClient(desk.http, create_organisation(conn), desk.today)
    assert browser_of(shared_app, engine, elsewhere, "auditor").open(path).refusal == (404, ["not_found"])


def test_text_that_was_not_previewed_is_previewed_again_and_not_proposed(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    _, text = loaded(desk)
    admin = open_as("admin")
    shown = admin.fill("/policies/new", source=next_set(text), _do="preview")
    other = admin.send("/policies/new", shown, source=next_set(text, RAISED), _do="propose")
    assert other.status == 200
    assert "内容与预览时不同" in other.text
    assert waiting(engine, desk) == 0


def test_wrong_file_names_the_lines_and_keeps_the_text(open_as: Open) -> None:
    source = TEXT.replace('multiplier = "1.5"', 'multiplier = "viel"', 1).replace("notice_days = 5", "notise_days = 5")
    wrong = open_as("admin").fill("/policies/new", source=source, _do="preview")
    assert wrong.refusal == (422, ["policy_missing", "policy_not_a_ratio", "policy_unknown_key"])
    lines = source.splitlines()
    at = [lines.index(next(each for each in lines if words in each)) + 1 for words in ("viel", "notise_days")]
    assert all(f"第 {number} 行" in wrong.summary for number in at)
    assert wrong.form["source"] == [source]


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("key", 1),
        ("procedure.notice_days", 3),
        ("procedure.absent", 2),
        ("category[2].multiplier", 7),
        ("category[2].plus[1]", 8),
        ("category[9]", None),
        ("line.dibao[1].since", 10),
        ("repeat.items.deep", 12),
        ("nothing", None),
    ],
)
def test_path_of_a_problem_is_the_line_that_writes_it(path: str, number: int | None) -> None:
    source = "\n".join(
        (
            *('key = "a"', "[procedure]", "notice_days = 5"),
            *("[[category]]", "multiplier = 1", "[[category]]", "multiplier = 2", 'plus = ["income"]'),
            *("[[line.dibao]]", "since = 2025-01-01", "[repeat]", "items = { deep = 4 }"),
        )
    )
    assert line_of(source, path) == number


def test_floor_that_is_broken_is_shown_and_cannot_be_proposed(desk: ApiClient, open_as: Open) -> None:
    _, text = loaded(desk)
    short = next_set(text, ("notice_days = 5 ", "notice_days = 3 "))
    admin = open_as("admin")
    shown = admin.fill("/policies/new", source=short, _do="preview")
    assert shown.refusal == (409, ["policy_below_floor"])
    assert "低于下限" in shown.text
    assert 'value="propose"' not in shown.text
    allowed = short.replace("[procedure]\n", '[procedure]\nbelow_floor_document = "示例〔2025〕9号"\n')
    shown = admin.fill("/policies/new", source=allowed, _do="preview")
    assert shown.status == 200
    assert "低于下限，依据：示例〔2025〕9号" in shown.text


def test_set_that_overlaps_or_begins_today_says_so_and_still_shows_its_preview(desk: ApiClient, open_as: Open) -> None:
    _, text = loaded(desk)
    admin = open_as("admin")
    twice = text.replace("version = 1", "version = 2")
    shown = admin.fill("/policies/new", source=twice, urgent="示例", _do="preview")
    assert shown.refusal == (409, ["policies_overlap"])
    assert "会改变谁" in shown.text
    soon = own_policy()[1].replace("effective_from = 2025-01-01", f"effective_from = {desk.today}")
    assert admin.fill("/policies/new", source=soon, _do="preview").refusal == (409, ["policy_takes_effect_too_soon"])
    again = admin.fill("/policies/new", source=text, urgent="示例", _do="preview")
    assert (again.status, "同样的政策集已经载入" in again.text) == (200, True)
    assert 'value="propose"' not in again.text


def test_chosen_file_is_read_in_the_encoding_of_an_office(open_as: Open) -> None:
    admin, text = open_as("admin"), own_policy()[1]
    form = {"source": "", "urgent": "示例", "_do": "preview"}
    shown = admin.fill("/policies/new", **form, file=(io.BytesIO(text.encode("gb18030")), "政策.toml"))
    assert shown.status == 200
    assert "困难职工帮扶政策集" in shown.form["source"][0]
    broken = admin.fill("/policies/new", **form, file=(io.BytesIO(b"\xff\xfe\x00\x00\xff"), "x.toml"))
    assert broken.refusal == (422, ["file_not_text"])
    assert admin.fill("/policies/new", source="", _do="preview").refusal == (422, ["answer_missing"])
    assert admin.fill("/policies/new", source="x" * 200_001, _do="preview").refusal == (422, ["too_long"])


def test_set_is_withdrawn_by_two_before_it_is_cited_and_not_after(
    desk: ApiClient, engine: sa.Engine, open_as: Open
) -> None:
    division, _ = loaded(desk)
    with engine.connect() as conn:
        set_id = conn.scalar(sa.select(policy_set.c.id).where(policy_set.c.region == division))
    admin, path = open_as("admin"), f"/policies/{set_id}"
    assert f"{path}/withdrawal" in admin.open(path).text
    assert admin.fill(f"{path}/withdrawal", reason="").refusal == (422, ["answer_missing"])
    answer = admin.fill(f"{path}/withdrawal", reason="文号有误")
    assert answer.status == 303
    assert "撤回政策集：" in admin.open(answer.leads_to).text
    assert waiting(engine, desk) == 1
    apply_for(desk, file_family(desk, POOR, division=division), "LIV", "2000.00")
    assert f"{path}/withdrawal" not in admin.open(path).text
    assert admin.fill(f"{path}/withdrawal", reason="另一个理由").refusal == (409, ["policy_cited"])


def test_family_of_a_smaller_region_with_its_own_set_is_not_changed(desk: ApiClient, open_as: Open) -> None:
    division, text = loaded(desk)
    smaller = text.replace(f'region = "{division}"', f'region = "{division}001"').replace("own-", "smaller-")
    smaller = smaller.replace(ENDS[1], ENDS[0])
    desk.confirmed("admin", "/policy-sets", {"source": smaller, "urgent": "示例"}, by=("auditor",))
    file_family(desk, MIDDLE, division=f"{division}001")
    shown = open_as("admin").fill("/policies/new", source=next_set(text, RAISED), _do="preview")
    assert numbers(shown) == {"新符合": [0, 0], "不再符合": [0, 0], "类别改变": [0, 0]}


SAMPLE = read_policy(TEXT)
OTHER: dict[str, Any] = {
    **dict.fromkeys(("key", "issuer", "document", "title", "region"), "9"),
    "version": 7,
    "effective_from": date(2025, 2, 1),
    "effective_to": date(2026, 1, 1),
    "sample": False,
    **dict.fromkeys(("notice_days", "min_visitors", "verification_valid_days", "finances_valid_months"), 9),
    **dict.fromkeys(("together_days", "same_item_per_year"), 9),
    **{name: not getattr(SAMPLE, name) for name in ("verification_required", "prior_aid_counts", "impute_idle")},
    "tiers": (Fen(1), None),
    "collective_from_fen": None,
    "minimum_wage_fen_month": 1,
    "items_per_year": {"deep": 9},
    "small_gift_threshold_fen": 1,
    "below_floor_document": "示例",
    "gifts": (),
    "item_rules": (),
    "categories": (replace(SAMPLE.categories[0], multiplier=Fraction(2, 3)), *SAMPLE.categories[1:]),
    "caps": SAMPLE.caps[1:],
    "dibao_lines": SAMPLE.dibao_lines[1:],
    "papers": {"all": ()},
    "deadlines": {**SAMPLE.deadlines, "draft_days": 99},
}
"""Another value of each parameter; lists of codes become empty."""
UNNAMED = {"key", "digest"}
"""Fields that no parameter in words shows: the list has the key, the page the digest."""


@pytest.mark.parametrize("name", [each.name for each in fields(SAMPLE) if each.name not in UNNAMED])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_parameter_of_a_set_has_words_and_its_change_is_shown(shared_app: Flask, name: str, lang: str) -> None:
    other = replace(SAMPLE, **{name: OTHER.get(name, ())})
    with shared_app.test_request_context(headers={"Accept-Language": lang}):
        assert changes(SAMPLE, other), name
        assert not [each for each in parameters(other) if "{" in each.words + each.label]
        assert changes(SAMPLE, SAMPLE) == ()


def test_formula_of_a_category_reads_as_a_sentence(shared_app: Flask) -> None:
    with shared_app.test_request_context():
        words = {each.key: each.words for each in parameters(SAMPLE)}
    assert words["category.1"] == "（收入 − 刚性支出）÷ 12 ÷ 人口，低于 1 倍低保标准；有“无正当理由拒绝就业”的不列入"
    assert words["category.4"].endswith("人均收入超过 3 倍低保标准；须有所列突发事件；突发支出超过全年收入的 80%")
    assert words["tiers"] == "第 1 级 2,000.00 元以内；第 2 级 20,000.00 元以内；第 3 级 不限"


def test_category_before_is_the_one_that_the_case_itself_is_assessed_with(desk: ApiClient, engine: sa.Engine) -> None:
    """Spending, assets, imputed wages and earlier gifts count as in the case; a set that assesses alike changes nobody."""
    division, text = loaded(desk)
    lines = (line("income", "wage", "50000.00"), line("income", "dibao", "9000.00"), line("asset", "savings", "100.00"))
    spent = line("spending", "illness", "30000.00", reimbursed="4000.00")
    finances = {"as_of": "2025-08-01", "idle_able_members": 1, "lines": [*lines, spent]}
    family = file_family(desk, division=division, finances=finances, observed=["idle_refusal"])
    case, _ = apply_for(desk, family, "LIV", "2000.00")
    shown = case.assessed()["today"]["category"]
    lower = next_set(text, ('person_month = "1062.00"', 'person_month = "10.00"'))
    with engine.connect() as conn:
        [changed] = effects(conn, read_policy(lower)).files
        assert (changed.before, changed.after, changed.effect) == (shown, None, Effect.FAILS)
        assert shown is not None
        alike = effects(conn, read_policy(next_set(text, ("review_days = 10", "review_days = 5"))))
    assert (alike.files, alike.cases, alike.assessed) == ([], [], 1)
