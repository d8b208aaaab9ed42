"""The category of a household's file, which an approval decides, and its event on the household's chain."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from service.crypto.hash_chain import EVENT_VERSION, event_hash
from workflows.canonical_json import canonical_json
from workflows.vocabulary import Plain

NOT_FILING = ("reveal", "match_number", "confirm_kinship", "decide_category", "undo_category")
"""Actions on a household's chain that do not make their actor one of those who wrote its file."""


def file_columns(category: str, on: date, case_id: UUID, version: int) -> dict[str, Any]:
    """Return the columns of the file after an approval; `version` is that of the file before it."""
    return {"category": category, "category_on": on, "category_case_id": case_id, "version": version + 1}


def file_event(
    row: Any, values: Mapping[str, Any], seq: int, prev: bytes, rows: Mapping[str, Plain] | None = None
) -> dict[str, Any]:
    """Return number, body and hashes of the event that follows `seq` and `prev` on the chain of the case's household.

    `values` has the approval's `seq`, `category`, `actor`, `principal`, `today` and `at`.
    """
    at: datetime = values["at"]
    facts = {"case": str(row.id), "case_no": row.case_no, "case_seq": values["seq"], "category": values["category"]}
    facts |= {"principal": str(values["principal"])} if values["principal"] else {}
    envelope = {"v": EVENT_VERSION, "subject": "household", "id": str(row.household_id), "seq": seq + 1}
    envelope |= {"action": "decide_category", "actor": str(values["actor"]), "on": values["today"].isoformat()}
    envelope |= {"at": at.isoformat(), "clock": "demo", "request": None, "facts": facts}
    body = canonical_json({**envelope, "rows": dict(rows)} if rows is not None else envelope)
    return {"seq": seq + 1, "body": body, "prev": prev, "hash": event_hash(prev, body)}
