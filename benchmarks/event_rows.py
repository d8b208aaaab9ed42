"""The part of a step's event that records the rows written with it."""

from collections.abc import Mapping
from typing import Any

from benchmarks.decided_category import file_columns
from benchmarks.records import OutboxRow
from service.tables.row_fingerprints import recorded_rows
from workflows.vocabulary import Plain

_OF_CASE = {
    "state": "state",
    "phase": "phase",
    "due_on": "due_on",
    "award_fen": "award",
    "fund_id": "fund",
    "policy_set_id": "policy",
    "category": "category",
    "outstanding_fen": "outstanding",
}
_BESIDE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "record_check": (
        "verification",
        {
            "id": "row",
            "case_id": "case",
            "seq": "seq",
            "authority": "authority",
            "request_no": "request_no",
            "replied_on": "replied_on",
            "outcome": "outcome",
            "explained": "explained",
            "people": "members",
            "seen": "seen",
        },
    ),
    "pass_review": (
        "notice",
        {
            "id": "row",
            "case_id": "case",
            "seq": "seq",
            "posted_on": "today",
            "ends_on": "ends_on",
            "places": "places",
            "shown_sealed": "shown",
            "shown_hash": "shown_hash",
            "content": "content",
            "award_fen": "award",
            "seen": "seen",
        },
    ),
    "approve": (
        "approval",
        {
            "id": "row",
            "case_id": "case",
            "seq": "seq",
            "tier": "tier",
            "account_id": "actor",
            "on": "today",
            "principal_id": "principal",
            "award_fen": "award",
            "content": "content",
            "minutes": "minutes",
        },
    ),
    "pay": (
        "payment",
        {
            "id": "row",
            "case_id": "case",
            "unit_path": "path",
            "fund_id": "fund",
            "seq": "seq",
            "fen": "award",
            "method": "method",
            "bank_account_id": "card",
            "cash_reason": "cash_reason",
            "voucher": "voucher",
            "voucher_year": "voucher_year",
            "paid_on": "today",
            "paid_by": "actor",
            "state": "paid_state",
        },
    ),
}
_BESIDE = {
    **_BESIDE,
    **dict.fromkeys(
        ("record_visit", "record_follow_up"),
        (
            "visit",
            {
                "id": "row",
                "unit_id": "unit",
                "unit_path": "path",
                "case_id": "case",
                "household_id": "household",
                "seq": "seq",
                "kind": "kind",
                "on": "went",
                "place": "place",
                "conclusion": "conclusion",
                "seen": "seen",
                "created_at": "at",
            },
        ),
    ),
}


def rows_of(
    row: Any, action: str, values: Mapping[str, Any], outbox_rows: list[OutboxRow], moves: bool
) -> dict[str, Plain]:
    """Return every row that a step's statement writes, in the service's format."""
    position = {"case_id": values["case"], "seq": values["seq"]}
    added: dict[str, list[dict[str, Any]]] = {"case_duty": [], "notification": []}
    if values["duty"]:
        added["case_duty"] = [{**position, "duty": values["duty"], "account_id": each} for each in values["people"]]
    event_columns = {**position, "subject_id": values["case"], "on": values["today"]}
    for each in outbox_rows:
        recipient = {"account_id": each.account, "person_id": each.person}
        added["notification"].append(
            {"id": each.id, "kind": each.kind, "channel": each.channel, **recipient, **event_columns}
        )
    if "ledger_entry" in values:
        pots = {"source_pot": values["source_pot"], "target_pot": values["target_pot"], "fen": values["award"]}
        added["ledger_entry"] = [
            {"id": values["ledger_entry"], "fund_id": values["fund"], **pots, **event_columns, "at": values["at"]}
        ]
    if action in _BESIDE:
        table, columns = _BESIDE[action]
        added[table] = [{column: values[name] for column, name in columns.items()}]
    added |= _lists(values)
    return recorded_rows({table: rows for table, rows in added.items() if rows}, _changed(row, action, values, moves))


def _lists(values: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a step that writes one for each name in its form: visitors, confirmations, papers."""
    added: dict[str, list[dict[str, Any]]] = {}
    if "visitors" in values:
        added["visit_visitor"] = [{"visit_id": values["row"], "account_id": each} for each in values["visitors"]]
    if "confirmed" in values:
        confirmation = {"account_id": values["actor"], "on": values["today"]}
        added["visit_confirmation"] = [{"visit_id": each, **confirmation} for each in values["confirmed"]]
    if "papers" in values:
        paper = {"case_id": values["case"], "seen_on": values["today"], "seen_by": values["actor"]}
        added["paper"] = [{**paper, "kind": kind} for kind in values["papers"]]
    return added


def rows_of_file(row: Any, values: Mapping[str, Any]) -> dict[str, Plain]:
    """Return the household's columns that an approval changes."""
    columns = file_columns(values["category"], values["today"], values["case"], row.household_version)
    return recorded_rows({}, [("household", {"id": row.household_id, **columns})])


def rows_opened(values: Mapping[str, Any]) -> dict[str, Plain]:
    """Return the rows of an opened case: the case and its registrar's duty."""
    case = {
        "id": values["case"],
        "case_no": values["number"],
        "programme": "hardship",
        "year": values["year"],
        "unit_id": values["unit"],
        "unit_path": values["path"],
        "household_id": values["household"],
        "beneficiary_id": values["person"],
        "item": values["item"],
        "state": "draft",
        "phase": "survey",
        "answers": {},
        "requested_fen": values["requested"],
        "outstanding_fen": 0,
        "policy_set_id": values["policy"],
        "opened_on": values["today"],
        "entered_on": values["today"],
        "due_on": values["due_on"],
        "due_is_provisional": False,
        "created_at": values["at"],
    }
    duty = {"case_id": values["case"], "duty": "registrar", "account_id": values["actor"], "seq": 1}
    return recorded_rows({"case": [case], "case_duty": [duty]})


def _changed(row: Any, action: str, values: Mapping[str, Any], moves: bool) -> list[tuple[str, dict[str, Any]]]:
    columns = {column: values[name] for column, name in _OF_CASE.items() if moves or column != "due_on"}
    columns |= {"entered_on": values["today"]} if moves else {}
    changes = {column: value for column, value in columns.items() if value != getattr(row, column)}
    if action == "pass_review":
        changes |= {name: values[name] for name in ("method", "cash_reason") if values[name] != getattr(row, name)}
    changed = [("case", {"id": values["case"], **changes})]
    if action == "end_notice":
        changed.insert(0, ("notice", {"id": row.notice[5], "ended_on": values["today"]}))
    if action == "confirm_payment":
        advice = {"advice_no": values["advice_no"], "advised_on": values["advised_on"], "confirmed_by": values["actor"]}
        changed.insert(0, ("payment", {"id": row.payments[-1][0], "state": "live", **advice}))
    if action == "confirm_receipt":
        receipt = {"receipt_on": values["today"], "receipt_evidence": values["evidence"]}
        changed.insert(0, ("payment", {"id": row.payment, **receipt}))
    return changed
