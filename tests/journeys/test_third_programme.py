"""Tests that a new programme needs one file and one entry in a list."""

from datetime import date
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa

from service.integrity.verify import verify
from service.tables.events import event
from service.tables.funds import fund
from tests.api_client import ApiClient, serving
from tests.factories import Family, create_family, create_organisation
from tests.journeys.third_programme import MUTUAL
from tests.lives import award
from workflows.programme import Programme
from workflows.programmes import PROGRAMMES


def test_new_programme_works_over_the_api(
    engine: sa.Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast("dict[str, Programme]", PROGRAMMES), MUTUAL.key, MUTUAL)
    with engine.begin() as conn:
        organisation = create_organisation(conn)
        family = create_family(conn, organisation)
    with serving(database_url, tmp_path) as app:
        client = ApiClient(app.test_client(), organisation, date(2025, 3, 3))
        _run_case(client, family, engine)


def _run_case(client: ApiClient, family: Family, engine: sa.Engine) -> None:
    organisation = client.office
    applicant = {"household_id": str(family.household_id), "beneficiary_id": str(family.head_id)}
    opening = {"programme": "mutual", **applicant, "item": "MED", "requested": "900.00"}
    refused = client.post("registrar", "/cases", {**opening, "answers": {"hospital_days": "ten"}})
    assert (refused.status_code, client.codes(refused)) == (422, ["not_a_number"])
    case_id = client.post("registrar", "/cases", {**opening, "answers": {"hospital_days": 10}}).get_json()["id"]
    assert client.act("reviewer", case_id, "post", **award(client, "900.00")).get_json()["state"] == "posted"
    assert client.codes(client.act("clock", case_id, "take_down")) == ["notice_running"]
    client.today = date(2025, 3, 11)
    assert client.act("clock", case_id, "take_down").get_json()["state"] == "sign"
    assert client.codes(client.act("reviewer", case_id, "sign")) == ["role_missing"]
    assert client.act("approver_1", case_id, "sign").get_json()["state"] == "desk"
    assert client.act("cashier", case_id, "hand_out", method="bank", voucher="V-1").get_json()["state"] == "sent"
    arrived = {"advice_no": "HD-1", "advised_on": client.today.isoformat(), "amount": "900.00"}
    assert client.act("cashier_2", case_id, "arrive", **arrived).get_json()["state"] == "done"
    case = client.get("auditor", f"/cases/{case_id}").get_json()
    assert (case["state_label"], case["programme_title"], case["award"]) == ("已付", "互助保障（示例）", "900.00")
    with engine.connect() as conn:
        pots = conn.execute(
            sa.select(fund.c.paid_fen, fund.c.available_fen).where(fund.c.id == organisation.fund_id)
        ).one()
        actions = conn.scalars(sa.select(event.c.action).where(event.c.subject_id == case["id"]).order_by(event.c.seq))
        assert tuple(pots) == (90_000, 10_000_000 - 90_000)
        assert list(actions) == ["open", "post", "take_down", "sign", "hand_out", "arrive"]
        assert [fault for fault in verify(conn).faults if fault.key == case_id] == []
