"""What a policy set says is what happens over the API: conditions of an item, tiers, comparators, kin, repeats."""

from typing import Any

import pytest
import sqlalchemy as sa

from service.imports.units_and_staff import TIERS
from service.tables.cases import approval, case_duty
from tests.api_client import ApiClient
from tests.factories import create_account, open_fund
from tests.lives import NOTICE_OVER
from tests.service.policy_fixtures import ReviewedCase, apply_for, file_family, line, load_own_policy
from workflows.vocabulary import APPROVERS

POOR = (line("income", "wage", "30000.00"),)
RELATIVE = (line("income", "wage", "60000.00"),)
RICH = (line("income", "wage", "90000.00"),)
FIVE_TIERS = ('tiers = ["2000.00", "20000.00"]', 'tiers = ["500.00", "1000.00", "1500.00", "1800.00"]')
FROM_20_000 = ('tiers = ["2000.00", "20000.00"]', 'tiers = ["2000.00", { below = "20000.00" }]')


def open_fund_for(client: ApiClient, engine: sa.Engine, *items: str) -> object:
    with engine.begin() as conn:
        return open_fund(conn, client.office, 10_000_000, items=items)


def test_temporary_relief_reaches_a_family_over_the_line(client: ApiClient, engine: sa.Engine) -> None:
    """TMP is for those who cannot be filed; the policy set says that the income test does not bind it."""
    family, fund_id = file_family(client, *RICH), open_fund_for(client, engine, "TMP")
    living = apply_for(client, family, "LIV", "2000.00")[0].reviewed()
    assert living.refused_at_review() == ["income_over_line"]
    temporary = apply_for(client, family, "TMP", "2000.00", relation="spouse")[0].reviewed()
    shown = temporary.assessed()
    assert (shown["today"]["category"], shown["limits"]["waived"]) == (None, ["income_test", "items_per_year"])
    assert temporary.pass_review("2000.00", fund_id) == "notice"


@pytest.mark.parametrize(("changes", "reached"), [((), 2), ((FROM_20_000,), 3)], ids=["up_to", "below"])
def test_20_000_goes_up_where_the_policy_says_from_20_000(
    client: ApiClient, changes: tuple[tuple[str, str], ...], reached: int
) -> None:
    no_cap = ('share_of_self_paid = "100%"\nfixed = "50000.00"', 'fixed = "50000.00"')
    alone = ('collective_from = "5000.00"', 'collective_from = "900000.00"')
    division = load_own_policy(client, *changes, no_cap, alone)
    family = file_family(client, *POOR, line("spending", "illness", "20000.00"), division=division)
    case = apply_for(client, family, "MED", "20000.00", self_paid="20000.00")[0].reviewed()
    case.pass_review("20000.00")
    client.today = NOTICE_OVER
    case.act("clock", "end_notice")
    for tier in range(1, reached):
        assert case.no(f"approver_{tier}", "approve") == ["higher_tier_needed"]
        assert case.act(f"approver_{tier}", "endorse") == "approval"
    assert case.act(f"approver_{reached}", "approve") == "payment"


def test_five_tiers_sign_a_case_and_are_kept_apart(client: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        for tier in (4, 5):
            create_account(conn, client.office, f"approver_{tier}", "approver", tier)
    family = file_family(client, *POOR, division=load_own_policy(client, FIVE_TIERS))
    case = apply_for(client, family, "LIV", "2000.00")[0].reviewed()
    case.pass_review("2000.00")
    client.today = NOTICE_OVER
    case.act("clock", "end_notice")
    for tier in range(1, 5):
        assert case.act(f"approver_{tier}", "endorse") == "approval"
        assert "incompatible_duty" in case.no(f"approver_{tier}", "approve")
    assert case.act("approver_5", "approve") == "payment"
    assert case.act("cashier", "pay", method="bank", voucher="V-1") == "transit"
    with engine.connect() as conn:
        tiers = conn.scalars(sa.select(approval.c.tier).where(approval.c.case_id == case.case_id))
        duties = conn.scalars(sa.select(case_duty.c.duty).where(case_duty.c.case_id == case.case_id))
        assert sorted(tiers) == [1, 2, 3, 4, 5]
        assert "approver_5" in set(duties)


def test_database_keeps_the_ninth_approver_from_paying(conn: sa.Connection, client: ApiClient) -> None:
    family = file_family(client, *POOR)
    case = apply_for(client, family, "LIV", "2000.00")[0]
    duty = {"case_id": case.case_id, "account_id": client.office.people["witness"], "seq": 1}
    conn.execute(case_duty.insert().values(**duty, duty="approver_9"))
    with pytest.raises(sa.exc.IntegrityError, match="approver_9"):
        conn.execute(case_duty.insert().values(**duty, duty="payer"))


@pytest.mark.parametrize(("tier", "status"), [(4, 202), (9, 202), (10, 422), (0, 422)])
def test_approver_has_a_tier_from_one_to_nine(client: ApiClient, tier: int, status: int) -> None:
    body: dict[str, Any] = {"unit_id": str(client.office.unit_id), "role": "approver", "tier": tier}
    body |= {"from_on": "2025-09-01", "until_on": "2026-09-01"}
    proposed = client.post("admin", f"/accounts/{client.office.people['approver_3']}/grants", body)
    assert proposed.status_code == status, proposed.get_json()
    if status == 202:
        assert client.confirm("approver_1", proposed).status_code == 200
        held = client.get("approver_3", "/me").get_json()["grants"]
        assert sorted(each["tier"] for each in held) == [3, tier]


def test_staff_list_names_the_tiers_that_an_approver_may_have() -> None:
    assert list(TIERS) == ["一级", "二级", "三级", "四级", "五级", "六级", "七级", "八级", "九级"]
    assert list(TIERS.values()) == list(range(1, len(APPROVERS) + 1))


@pytest.mark.parametrize(("comparator", "category"), [(">", None), (">=", "sudden")])
def test_misfortune_of_exactly_four_fifths_counts_where_the_policy_says_so(
    client: ApiClient, comparator: str, category: str | None
) -> None:
    """达到或超过80%, against 超过80%."""
    change = ('misfortune_comparator = ">"', f'misfortune_comparator = "{comparator}"')
    family = file_family(
        client,
        line("income", "wage", "150000.00"),
        line("spending", "accident", "120000.00"),
        division=load_own_policy(client, change),
        event_kind="major_accident",
        cause="accident",
    )
    shown = apply_for(client, family, "ACC", "2000.00")[0].assessed()
    assert shown["today"]["category"] == category
    assert ("misfortune_too_small" in shown["today"]["formulas"][3]["failed"]) == (category is None)


def second_item(client: ApiClient, lines: tuple[dict[str, str], ...]) -> tuple[ReviewedCase, ReviewedCase, list[str]]:
    """Open two cases of one family, both at review; return them and the codes that opening the second told."""
    family = file_family(client, *lines, line("spending", "illness", "5000.00"))
    first, none = apply_for(client, family, "LIV", "2000.00")
    assert none == []
    second, warnings = apply_for(client, family, "MED", "2000.00", relation="spouse", self_paid="5000.00")
    return first.reviewed(), second.reviewed(), [each["code"] for each in warnings]


def test_second_item_of_a_relative_family_is_told_at_opening_and_refused_at_review(client: ApiClient) -> None:
    """A relative family may have one item a year: the case opened first goes first."""
    first, second, told = second_item(client, RELATIVE)
    assert told == ["other_items_open"]
    assert second.refused_at_review() == ["items_pending"]
    assert first.pass_review("1000.00") == "notice"
    assert second.refused_at_review() == ["items_pending"]
    first.act("registrar", "withdraw", reason="家庭情况好转")
    assert second.pass_review("1000.00") == "notice"


def test_second_item_of_a_deep_family_passes(client: ApiClient) -> None:
    _, second, _ = second_item(client, POOR)
    assert second.pass_review("1000.00") == "notice"


def test_warning_says_what_is_open_in_both_languages(client: ApiClient) -> None:
    family = file_family(client, *RELATIVE)
    apply_for(client, family, "LIV", "2000.00")
    _, [warning] = apply_for(client, family, "ACC", "2000.00")
    assert warning["values"] == {"items": ["LIV"], "param": "items_per_year", "value": 1}
    assert "生活救助" in warning["message"]


def test_family_with_a_category_on_file_is_warned_by_its_own_number(client: ApiClient) -> None:
    family = file_family(client, *POOR, category="deep")
    assert apply_for(client, family, "LIV", "2000.00")[1] == []
    assert apply_for(client, family, "ACC", "2000.00")[1] == []


def test_same_item_for_another_member_waits_for_the_first(client: ApiClient) -> None:
    family = file_family(client, *POOR)
    first = apply_for(client, family, "LIV", "2000.00")[0].reviewed()
    second = apply_for(client, family, "LIV", "2000.00", relation="spouse")[0].reviewed()
    assert second.refused_at_review() == ["same_item_pending"]
    assert first.pass_review("1000.00") == "notice"


def visit(client: ApiClient, **changed: Any) -> Any:
    body = {"unit_id": str(client.office.unit_id), "on": "2025-09-01", "place": "home"}
    return client.post("visitor_1", "/visits", body | {"visitors": [str(client.office.people["visitor_1"])], **changed})


def test_condolence_goes_to_the_kin_that_the_policy_lists(client: ApiClient) -> None:
    refused = visit(client, kind="bereavement", relation_of_deceased="grandparent")
    assert client.codes(refused) == ["kin_not_covered"]
    assert "祖父母" in refused.get_json()["reasons"][0]["message"]
    other_day = {"kind": "bereavement", "on": "2025-08-29"}
    assert visit(client, **other_day, relation_of_deceased="father_in_law").status_code == 201
    division = load_own_policy(client, ('"father_in_law"]', '"father_in_law", "grandparent"]'))
    school = {"name": "示例小学工会", "kind": "grass_roots", "division": division}
    made = client.post("admin", "/units", {**school, "parent_id": str(client.office.unit_id)})
    death = {"kind": "bereavement", "unit_id": made.get_json()["id"]}
    assert visit(client, **death, relation_of_deceased="grandparent").status_code == 201
    sibling = visit(client, **{**death, "on": "2025-08-29"}, relation_of_deceased="sibling")
    assert client.codes(sibling) == ["kin_not_covered"]


def test_visit_to_a_member_in_hospital_is_counted(client: ApiClient) -> None:
    assert visit(client, kind="hospital_stay", place="hospital").status_code == 201
    path = f"/reports/welfare?unit={client.office.unit_id}&from=2025-01-01&to=2025-12-31"
    figures = client.get("auditor", path).get_json()["figures"]
    assert {each["key"]: each["value"] for each in figures}["hospital_visits"] == 1
    assert "看望住院职工1次" in client.get("auditor", path.replace("welfare", "welfare.md")).get_data(as_text=True)
