"""What the event log records of each table: columns that may change, and what it does not record, and why."""

from collections.abc import Mapping

from workflows.vocabulary import Pot

CHANGING: Mapping[str, str] = {
    "household": "identity division cause category category_on category_case_id observed event_kind idle_able_members"
    " finances_as_of exited_on exit_reason story_sealed version",
    "person": "relation name_sealed name_index id_no_sealed id_no_index phone_sealed phone_index birth_index email_sealed"
    " address_sealed address_index workplace_sealed student_stage active version",
    "bank_account": "active",
    "finance_line": "person_id ended_on",
    "document": "ended_on end_reason",
    "case": "state phase entered_on due_on due_is_provisional held_until award_fen fund_id policy_set_id category"
    " outstanding_fen method cash_reason",
    "notice": "ended_on",
    "objection": "outcome answered_on",
    "approval": "voided_seq",
    "payment": "state returned_on returned_code recalled_on receipt_on receipt_evidence"
    " advice_no advised_on confirmed_by",
    "bank_advice": "state decided_by decided_on",
    "fund_allocation": "closed_on",
    "fund_receipt": "voided_on void_reason",
    "gift": "voided_on void_reason",
    "visit": "voided_on void_reason",
    "donation": "voided_on void_reason",
    "activity": "voided_on void_reason",
    "pairing": "voided_on void_reason",
    "kinship": "confirmed_on confirmed_by ended_on end_reason",
    "confirmation": "state ended_on ended_by reason",
    "confirmer": "confirmed_by confirmed_at",
    "unit": "name version",
    "role_grant": "revoked_on",
    "account": "disabled_at",
    "token": "revoked_at",
    "invitation": "ended_at",
    "credential": "ended_at",
    "passkey": "revoked_at",
    "recovery_code": "used_at",
    "session": "ended_at",
    "policy_set": "withdrawn_on withdrawn_reason",
    "calendar_day": "working name",
    "calendar_year": "source digest",
}
"""Columns whose value may change, or whose row may be deleted; all events of such a row are on one chain. Every other
column is written once, and an event keeps one digest over all of them."""

FIRST_VALUES: Mapping[str, Mapping[str, str]] = {
    "household": {"unit_id": "first_unit_id", "unit_path": "first_unit_path", "file_no": "first_file_no"},
    "case": {
        "unit_id": "first_unit_id",
        "unit_path": "first_unit_path",
        "item": "first_item",
        "requested_fen": "first_requested_fen",
        "answers": "first_answers",
    },
}
"""Columns that older events hold as written once and that may change now, each with the column that keeps its first value.

While the second is empty the first has never changed. The digest FIXED covers the first value, as it always did; the
present value is recorded beside it from the first change on (docs/decisions/0023, 0025)."""

UNRECORDED_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "case": dict.fromkeys(("version", "head_hash"), "the number and the hash of its last event, compared as its head")
    | dict.fromkeys(("recovering_fen", "written_off_fen"), "the sum of its entries, counted by itself"),
    "payment": {"recalled_fen": "the sum of the entries that recall it, counted by itself"},
    "person": {
        "search_index": "computed from the name and numbers, which are recorded; `songnuan search-keys check` compares"
    },
    "household": {"aid_version": "the number of events that gave the family something, counted from them by itself"},
    "fund": {f"{pot.value}_fen": "the sum of its entries, counted by itself" for pot in Pot}
    | dict.fromkeys(
        ("counted_in_transit_fen", "counted_paid_fen"), "the sum of its payments and gifts, counted by itself"
    ),
    "passkey": dict.fromkeys(("sign_count", "used_at"), "how often and when it was used; each sign-in is an event"),
    "session": dict.fromkeys(
        ("last_seen_at", "proved_at", "challenge"),
        "what the next request is judged by; each act of the session is an event",
    ),
    "notification": dict.fromkeys(
        ("state", "attempts", "not_before", "created_at", "delivered_at", "read_at", "last_error"),
        "how the delivery goes, which nobody decides; that the notification is owed, and to whom, is bound",
    ),
}
"""Columns the event log does not record, and why."""

UNRECORDED_TABLES: Mapping[str, str] = {
    "event": "the trail itself: its columns are held against its bodies, its bodies against its hashes",
    "chain_head": "the head of each chain, compared with the chain",
    "incompatible_duty": "written by the migrations; compared with the rules",
    "second_person_act": "written by the migrations; compared with the rules",
    "pot_move": "written by the migrations; compared with the rules",
    "payment_move": "written by the migrations; compared with the rules",
    "idempotency": "answers kept for a week so that a repeated request is answered again",
    "imported_file": "makes two imports of one file take turns; nothing reads it, what the file said is bound row by row",
    "workbook_import": "names the files of an import; its event keeps their digests, and one over its rows",
    "imported_row": "which records an import made; an undo asks the digest in its event, each record and void has its own",
    "uploaded_workbook": "a file between its dry run and its import; the rows that it becomes are bound row by row",
    "prepared_file": "a long export on its way to the person who asked for it; that they took it is an event",
    "prepared_part": "the content of such a file, for a day; what it shows is bound row by row",
    "past_record": "a copy of the record as it stood at an event, for a day; it is made of what is recorded",
    "sign_in_attempt": "a browser on its way to a session, for ten minutes; the sign-in, or its failure, is an event",
    "sign_in_count": "failures since the last sign-in; each failure before a lock is an event",
    "heartbeat": "written to see that the disk takes writes; it says nothing",
    "job_run": "spares the clock a second reminder on one day; what it did is bound row by row, and anchors ask the anchors",
}
"""Tables the event log does not record, and why."""
