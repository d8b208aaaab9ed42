"""What a unit may do with the money and the rules of another: nothing, unless it was given them."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from service.actions import policies
from service.queries.policies import in_force_on
from tests.api_client import ApiClient
from tests.factories import SAMPLES, create_organisation
from tests.lives import award, case_at
from workflows.vocabulary import Refused

PASS = date(2025, 9, 15)


def gift_of(desk: ApiClient, household_id: Any, **changes: Any) -> dict[str, Any]:
    people = desk.office.people
    given = {"on": desk.today.isoformat(), "item": "LIV", "purpose": "慰问", "account_code": "502"}
    hands = {"handed_by": str(people["visitor_1"]), "approved_by": str(people["approver_3"]), "signed_by_family": True}
    what = {"amount": "100.00", "fund_id": str(desk.office.fund_id)}
    where = {"unit_id": str(desk.office.unit_id), "household_id": str(household_id)}
    return {**given, **hands, **what, **where, **changes}


@pytest.fixture
def below(desk: ApiClient, engine: sa.Engine) -> ApiClient:
    """A school under the office."""
    with engine.begin() as conn:
        school = create_organisation(conn, above=desk.office, fen=0)
    return ApiClient(desk.http, school, desk.today)


def test_a_school_does_not_write_the_countys_rules(conn: sa.Connection) -> None:
    """The school's administrator loads a set for the county's very division with a limit-less first tier."""
    county = create_organisation(conn, fen=0)
    school = create_organisation(conn, above=county, fen=0)
    text = (SAMPLES / "policy-2025.toml").read_text()
    text = text.replace('key = "sample-weihai"', 'key = "school"').replace('region = "3710"', 'region = "371083"')
    text = text.replace('tiers = ["2000.00", "20000.00"]', 'tiers = ["9999999.00"]')
    with pytest.raises(Refused) as refused:
        policies.load_policy(conn, text, school.context(conn, "admin", PASS))
    assert refused.value.codes == ["role_missing"]
    assert in_force_on(conn, "371083", PASS)[1].key == "sample-weihai"


def test_a_line_of_the_school_beside_is_not_there(below: ApiClient, desk: ApiClient, engine: sa.Engine) -> None:
    """A reviewer who names the line of a unit beside or below his own hears only that it is missing."""
    life = case_at("review", desk, engine)
    assert life.no("reviewer", "pass_review", **award(desk, line=below.office.fund_id)) == ["fund_missing"]


def test_one_set_of_rules_loaded_by_a_school_does_not_stop_the_county(conn: sa.Connection) -> None:
    """Two sets with an equal claim: every step of every case without an award is refused with policies_overlap."""
    county = create_organisation(conn, fen=0)
    school = create_organisation(conn, above=county, fen=0)
    text = (SAMPLES / "policy-2025.toml").read_text().replace('key = "sample-weihai"', 'key = "copy"')
    with pytest.raises(Refused) as refused:
        policies.load_policy(conn, text, school.context(conn, "admin", PASS))
    assert refused.value.codes == ["role_missing"]
    assert in_force_on(conn, "371083", PASS)[1].key == "sample-weihai"
