"""Classification of every column: bound to approvals, personal, or neither."""

from collections.abc import Mapping
from enum import Flag, auto


class Data(Flag):
    """What follows from a column's content; the blind index of a card number is both bound and personal."""

    NEITHER = 0
    """An edit affects no approval, and the value identifies no member of a household."""
    BOUND = auto()
    """Part of the content an approval covers (content_of in queries/case_loading/load.py): an edit voids approvals."""
    PERSONAL = auto()
    """Identifies a member of a household, or is text about one: encrypted, or a keyed fingerprint."""


def _columns(*, bound: str = "", personal: str = "", neither: str = "") -> dict[str, Data]:
    row = dict.fromkeys(neither.split(), Data.NEITHER)
    for column in bound.split():
        row[column] = Data.BOUND
    for column in personal.split():
        row[column] = row.get(column, Data.NEITHER) | Data.PERSONAL
    return row


_ONCE_COLUMNS = " natural_key repeat_no corrects_id voided_on void_reason"
_ROW_COLUMNS = "id unit_id unit_path created_at "
_AID_COLUMNS = _ROW_COLUMNS + "on account_code fen "

# A column that is missing here fails tests/architecture/test_tables.py.
CLASSIFICATION: Mapping[str, Mapping[str, Data]] = {
    # the household
    "household": _columns(
        bound="division cause identity observed event_kind idle_able_members finances_as_of",
        personal="story_sealed",
        neither=_ROW_COLUMNS + "file_no kind category category_on category_case_id filed_on exited_on exit_reason"
        " first_unit_id first_unit_path first_file_no version aid_version",
    ),
    "person": _columns(
        bound="household_id active name_index id_no_index",
        personal="name_sealed name_index id_no_sealed id_no_index phone_sealed phone_index"
        " birth_index email_sealed address_sealed address_index workplace_sealed search_index",
        neither="id relation student_stage first_person_id version created_at",
    ),
    "number_absence": _columns(neither="id person_id reason document from_on until_on"),
    "household_change": _columns(
        personal="note_sealed",
        neither=_ROW_COLUMNS + "household_id kind on reason document to_unit_id to_unit_path file_no person_id"
        " other_person_id other_household_id exited_on exit_reason recorded_by",
    ),
    "bank_account": _columns(
        bound="household_id person_id card_index active",
        personal="card_sealed card_index",
        neither="id bank created_at",
    ),
    "finance_line": _columns(bound="household_id person_id side kind fen reimbursed_fen ended_on", neither="id"),
    "consent": _columns(neither="id household_id signed_on until_on text_version adults_signed"),
    "kinship": _columns(
        neither="id household_id account_id relation declared_on declared_by confirmed_on confirmed_by ended_on"
        " end_reason"
    ),
    "pairing": _columns(neither="id household_id unit_id programme_name issued_by from_on until_on" + _ONCE_COLUMNS),
    # the case
    "case": _columns(
        bound="household_id beneficiary_id item answers requested_fen award_fen fund_id policy_set_id category"
        " method cash_reason",
        neither=_ROW_COLUMNS + "case_no programme year state phase version outstanding_fen recovering_fen"
        " written_off_fen opened_on entered_on"
        " due_on due_is_provisional held_until head_hash first_unit_id first_unit_path"
        " first_item first_requested_fen first_answers",
    ),
    "stored_file": _columns(bound="sha256", neither="id size media_type pages width height scanned_by created_at"),
    "document": _columns(
        bound="file_id kind ended_on",
        personal="name_sealed",
        neither="id household_id case_id uploaded_sha256 taken_at received_on recorded_by supersedes_id end_reason"
        " created_at",
    ),
    "paper_document": _columns(bound="case_id document_id", neither="seq"),
    "paper": _columns(bound="case_id kind", neither="seen_on seen_by"),
    "case_duty": _columns(neither="case_id duty account_id seq"),
    "incompatible_duty": _columns(neither="one other"),
    "visit": _columns(
        personal="story_sealed",
        neither=_ROW_COLUMNS + "case_id household_id seq kind occasion on place conclusion with_employer companions"
        " relation_of_deceased seen" + _ONCE_COLUMNS,
    ),
    "visit_photo": _columns(neither="visit_id document_id sha256"),
    "visit_visitor": _columns(neither="visit_id account_id"),
    "visit_confirmation": _columns(neither="visit_id account_id on"),
    "verification": _columns(neither="id case_id seq authority request_no replied_on outcome explained people seen"),
    "notice": _columns(
        personal="shown_sealed",
        neither="id case_id seq posted_on ends_on ended_on places shown_hash content award_fen seen",
    ),
    "objection": _columns(personal="text_sealed", neither="id case_id notice_id source raised_on outcome answered_on"),
    "approval": _columns(
        personal="content_sealed",
        neither="id case_id seq tier account_id principal_id on award_fen content minutes voided_seq",
    ),
    # the money
    "fund": _columns(
        neither=_ROW_COLUMNS + "code title source year document permitted_items categories opens_on expires_on"
        " settles_until expected_fen available_fen committed_fen in_transit_fen paid_fen recovering_fen written_off_fen"
        " outside_fen"
        " counted_in_transit_fen counted_paid_fen version",
    ),
    "fund_allocation": _columns(
        neither=_ROW_COLUMNS + "fund_id with_below from_on until_on ceiling_fen document opened_by closed_on"
    ),
    "fund_receipt": _columns(neither="id fund_id entry_id fen on document recorded_by created_at" + _ONCE_COLUMNS),
    "ledger_entry": _columns(neither="id fund_id subject_id seq case_id source_pot target_pot fen on at"),
    "payment": _columns(
        neither="id case_id unit_path fund_id seq fen method bank_account_id cash_reason voucher paid_on paid_by state"
        " returned_on returned_code recalled_fen recalled_on receipt_on receipt_evidence voucher_year advice_no"
        " advised_on confirmed_by",
    ),
    "bank_advice": _columns(
        neither="id case_id payment_id fund_id seq kind code advice_no advised_on fen voucher voucher_year stated_by"
        " state decided_by decided_on",
    ),
    "pot_move": _columns(neither="source_pot target_pot"),
    "payment_move": _columns(neither="from_state to_state"),
    # help outside cases
    "gift": _columns(
        neither=_AID_COLUMNS
        + "visit_id household_id item fund_id goods goods_unit quantity purpose approved_by handed_by"
        " signed_by_family person_id policy_set_id counts_as_aid" + _ONCE_COLUMNS,
    ),
    "donation": _columns(
        neither="id unit_id unit_path created_at on fen direction campaign organiser donors handed_to receipt_no"
        " recorded_by" + _ONCE_COLUMNS,
    ),
    "activity": _columns(neither=_AID_COLUMNS + "title kind participants recorded_by" + _ONCE_COLUMNS),
    # writes that wait for a second person
    "confirmation": _columns(
        personal="content_sealed",
        neither="id act unit_path digest proposed_by proposed_at until_on state ended_on ended_by reason",
    ),
    "confirmer": _columns(neither="id confirmation_id no proposed_by roles account_id confirmed_by confirmed_at"),
    "second_person_act": _columns(neither="subject action only_money"),
    # the event log, notifications, infrastructure
    "event": _columns(
        neither="subject_id seq subject action from_state to_state actor_id principal_id confirmation_id on at body prev hash no"
    ),
    "chain_head": _columns(neither="id seq hash"),
    "anchor": _columns(neither="no on at up_to events root hash checkpoint"),
    "sealed_remark": _columns(personal="text_sealed", neither="id subject_id seq field"),
    "notification": _columns(
        neither="id subject_id seq case_id kind channel account_id person_id on state attempts not_before created_at"
        " delivered_at read_at last_error request",
    ),
    "idempotency": _columns(
        personal="body_sealed", neither="account_id key fingerprint status headers grants created_at"
    ),
    "imported_file": _columns(neither="sha256 kind rows by_id at"),
    "workbook_import": _columns(
        personal="names_sealed", neither="id by_id unit_path files rows at undo_confirmation_id"
    ),
    "imported_row": _columns(neither="import_id no kind record_id is_repeat keeper_id place undone_on kept"),
    "uploaded_workbook": _columns(
        personal="about_sealed content_sealed result_sealed",
        neither="id account_id sha256 size state confirmation_id created_at ended_at",
    ),
    "prepared_file": _columns(
        personal="query_sealed note_sealed",
        neither="id account_id list kind filters language as_of grants state attempts rows_done rows_in_all size asked_at"
        " ended_at",
    ),
    "past_record": _columns(neither="up_to revision asked_at events_done events_in_all made_at"),
    "prepared_part": _columns(personal="content_sealed", neither="file_id number"),
    "installation": _columns(neither="id kind at"),
    "heartbeat": _columns(neither="at filler"),
    "job_run": _columns(neither="job on at done refused"),
    # the union: names and work addresses of staff are stored unencrypted (docs/decisions/0005)
    "unit": _columns(neither="id parent_id name kind division path version created_at"),
    "account": _columns(personal="id_no_index", neither="id unit_id login display_name email created_at disabled_at"),
    "role_grant": _columns(neither="id account_id unit_id role tier for_account_id from_on until_on revoked_on"),
    "invitation": _columns(neither="id account_id hash created_at expires_at ended_at"),
    "token": _columns(neither="id account_id hash label created_at expires_at revoked_at"),
    "credential": _columns(neither="id account_id kind secret created_at ended_at"),
    "passkey": _columns(
        neither="id account_id credential_id public_key label created_at revoked_at sign_count used_at"
    ),
    "recovery_code": _columns(neither="id account_id hash created_at used_at"),
    "sign_in_count": _columns(neither="account_id failed locked_until totp_step"),
    "session": _columns(
        neither="id account_id token_hash csrf_token label network created_at ends_at ended_at last_seen_at proved_at"
        " challenge",
    ),
    "sign_in_attempt": _columns(
        neither="id token_hash csrf_token account_id network next_path challenge state created_at ends_at done_at"
    ),
    "policy_set": _columns(
        neither="id key version title issuer document region effective_from effective_to sample source digest"
        " loaded_by loaded_at withdrawn_on withdrawn_reason",
    ),
    "calendar_day": _columns(neither="on working name"),
    "calendar_year": _columns(neither="year source digest"),
}
