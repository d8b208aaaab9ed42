"""An auditor reads the events of every subject by subject, person, day and kind, and the ready lists."""

from typing import Any

import pytest
import sqlalchemy as sa

from service.actions import confirmations
from service.actions.fund_receipts import NewReceipt
from service.actions.proposals.money import ReceiptContent
from service.queries.events import LISTS
from service.schemas.events import LISTS as LISTS_IN_SCHEMA
from tests.api_client import ApiClient, refusal
from tests.factories import create_organisation
from tests.lives import start
from workflows.vocabulary import Fen


def listed(desk: ApiClient, **query: str) -> dict[str, Any]:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    document: dict[str, Any] = desk.get("auditor", f"/events?{words}").get_json()
    return document


def test_schema_names_every_ready_list() -> None:
    assert set(LISTS_IN_SCHEMA) == LISTS.keys()


def test_auditor_finds_an_event_by_subject_person_kind_and_day(desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        cashier, approver = (desk.office.context(conn, who, desk.today) for who in ("cashier", "approver_1"))
        content = ReceiptContent(desk.office.fund_id, NewReceipt(Fen(100), "银收1", desk.today))
        proposal = confirmations.propose(conn, "receipt", content, cashier)
        confirmations.confirm(conn, proposal.id, proposal.digest, approver)
    day = desk.today.isoformat()
    by_all = {"subject": "fund", "actor_id": str(desk.office.people["cashier"]), "action": "receive"}
    [row] = listed(desk, **by_all, **{"from": day, "to": day})["items"]
    assert (row["subject_id"], row["confirmation_id"]) == (str(desk.office.fund_id), str(proposal.id))
    assert row["confirmed_by"] == [str(desk.office.people["approver_1"])]
    assert listed(desk, **by_all, to="2025-08-31")["items"] == []
    full = desk.get("auditor", f"/events/{row['no']}").get_json()
    assert '"action":"receive"' in full["body"]
    seconds = listed(desk, list="second_person")["items"]
    # A policy set is everybody's: another test may have loaded one.
    own = [each["action"] for each in seconds if each["subject"] != "policy"]
    assert own == ["receive", "confirm", "propose"]


def test_auditor_sees_no_event_of_other_units(desk: ApiClient, engine: sa.Engine) -> None:
    with engine.begin() as conn:
        other = create_organisation(conn)
    assert listed(desk, subject_id=str(other.fund_id))["items"] == []
    seen = {row["subject"] for row in listed(desk, size="200")["items"]}
    assert {"account", "fund", "unit"} <= seen
    paths = {row["subject_id"] for row in listed(desk, subject="unit")["items"]}
    assert paths == {str(desk.office.unit_id)}


@pytest.mark.parametrize("staff_name", ["admin", "approver_3", "registrar"])
def test_event_log_is_for_auditors(desk: ApiClient, staff_name: str) -> None:
    assert refusal(desk.get(staff_name, "/events")) == (403, ["role_missing"])


@pytest.mark.parametrize("name", LISTS)
def test_ready_list_is_a_page_of_events(desk: ApiClient, engine: sa.Engine, name: str) -> None:
    start(desk, engine, "hardship", "LIV", {})
    document = listed(desk, list=name)
    assert document["count"] >= len(document["items"])
