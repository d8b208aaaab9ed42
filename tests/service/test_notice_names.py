"""Names of families are shown in full only while their notice hangs."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from tests.api_client import ApiClient
from tests.lives import case_at


def names(client: ApiClient, case_id: str) -> list[str]:
    """Return the name that the list of notices and the notice itself show."""
    listed: list[dict[str, Any]] = client.get("auditor", f"/notices?case_id={case_id}").get_json()["items"]
    (row,) = listed
    one = client.get("auditor", f"/notices/{row['id']}").get_json()
    assert one["shown_hash"] == row["shown_hash"]
    return [row["shown"]["name"], one["shown"]["name"]]


def test_name_in_a_notice_is_masked_once_the_notice_has_ended(client: ApiClient, engine: sa.Engine) -> None:
    """Why: after the end, GET /notices gave the full names of 27 families to every reader."""
    life = case_at("notice", client, engine)
    assert names(life.desk, life.case_id) == ["示例甲"] * 2
    life.desk.today = date(2025, 12, 1)
    assert names(life.desk, life.case_id) == ["示*甲"] * 2, "over, though no job has ended it yet"
    life.act("clock", "end_notice")
    life.desk.today = date(2025, 9, 2)
    assert names(life.desk, life.case_id) == ["示*甲"] * 2, "ended"
