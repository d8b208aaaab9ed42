"""A unit cannot use another unit's money or change its rules."""

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

DAY = date(2025, 9, 15)


def gift_body(client: ApiClient, household_id: Any, **changes: Any) -> dict[str, Any]:
    people = client.office.people
    gift = {"on": client.today.isoformat(), "item": "SWN", "purpose": "慰问", "account_code": "502"}
    handover = {
        "handed_by": str(people["visitor_1"]),
        "approved_by": str(people["approver_3"]),
        "signed_by_family": True,
    }
    money = {"amount": "100.00", "fund_id": str(client.office.fund_id)}
    recipient = {"unit_id": str(client.office.unit_id), "household_id": str(household_id)}
    return {**gift, **handover, **money, **recipient, **changes}


@pytest.fixture
def below(client: ApiClient, engine: sa.Engine) -> ApiClient:
    """Return a client of a school below the organisation."""
    with engine.begin() as conn:
        school = create_organisation(conn, above=client.office, fen=0)
    return ApiClient(client.http, school, client.today)


def test_school_administrator_cannot_load_rules_for_the_county(conn: sa.Connection) -> None:
    """The school's administrator loads a set for the county's own division with an unlimited first tier."""
    county = create_organisation(conn, fen=0)
    school = create_organisation(conn, above=county, fen=0)
    text = (SAMPLES / "policy-2025.toml").read_text()
    text = text.replace('key = "sample-weihai"', 'key = "school"').replace('region = "3710"', 'region = "371083"')
    text = text.replace('tiers = ["2000.00", "20000.00"]', 'tiers = ["9999999.00"]')
    with pytest.raises(Refused) as refused:
        policies.load_policy(conn, text, school.context(conn, "admin", DAY))
    assert refused.value.codes == ["role_missing"]
    assert in_force_on(conn, "371083", DAY)[1].key == "sample-weihai"


def test_reviewer_cannot_use_a_fund_of_another_unit(below: ApiClient, client: ApiClient, engine: sa.Engine) -> None:
    """A reviewer that names a fund of a unit below learns only that it is missing."""
    life = case_at("review", client, engine)
    assert life.no("reviewer", "pass_review", **award(client, fund_id=below.office.fund_id)) == ["fund_missing"]


def test_policy_copy_loaded_by_a_school_does_not_stop_the_county(conn: sa.Connection) -> None:
    """Two sets for one region would refuse every step of a case without an award (policies_overlap)."""
    county = create_organisation(conn, fen=0)
    school = create_organisation(conn, above=county, fen=0)
    text = (SAMPLES / "policy-2025.toml").read_text().replace('key = "sample-weihai"', 'key = "copy"')
    with pytest.raises(Refused) as refused:
        policies.load_policy(conn, text, school.context(conn, "admin", DAY))
    assert refused.value.codes == ["role_missing"]
    assert in_force_on(conn, "371083", DAY)[1].key == "sample-weihai"
