"""The same noun has the same file name in every layer."""

from pathlib import Path

import pytest

from tests.architecture.source import ROOT

LAYERS = ("api", "schemas", "actions", "queries", "tables")
NOUNS = frozenset(
    [
        "accounts",
        "activities",
        "anchors",
        "bundles",
        "calendars",
        "cases",
        "confirmations",
        "consents",
        "credentials",
        "documents",
        "donations",
        "events",
        "finances",
        "fund_allocations",
        "fund_receipts",
        "funds",
        "gifts",
        "household_changes",
        "households",
        "invitations",
        "kinship",
        "ledger",
        "notices",
        "notifications",
        "number_absences",
        "pairings",
        "past_records",
        "passkeys",
        "payees",
        "payments",
        "persons",
        "policies",
        "prepared_files",
        "programmes",
        "reports",
        "search",
        "sessions",
        "units",
        "uploaded_workbooks",
        "visits",
        "workbook_imports",
    ]
)
"""The nouns of the service, each a file in every layer that has something of it."""

NOT_NOUNS = {
    "api": "openapi proposing",
    "schemas": "assessments fields",
    "actions": "account_ends bootstrap case_application case_input case_opening case_update case_writer confirmation_notices context"
    " corrections decided_category"
    " decided_step errors event_log exports failed_sign_ins fund_balances gift_checks id_number identity_links named_reasons names natural_keys notify one_time_codes"
    " open_households passwords permissions personal_data_access possible_twins proofs request_bodies search_keys search_text shared_details"
    " sign_in step_records step_result validation write_batch",
    "queries": "account_work awaited_steps case_corrections case_list case_opening case_pages fund_journal fund_list fund_years household_list household_pages import_undo inbox inbox_lists"
    " installation masking named_rows notification_list own_proposals page pagination payment_list policy_changes people_awaited policy_effects possible_twins record_numbers"
    " reminders scope sealed_remarks shared_details staff_list",
    "tables": "column_classification installation privileges recorded_columns row_fingerprints",
}
"""Files that are not about one noun."""


def names(layer: str) -> set[str]:
    folder = ROOT / "service" / layer
    return {path.stem for path in Path(folder).glob("*.py") if path.stem != "__init__"}


@pytest.mark.parametrize("layer", LAYERS)
def test_file_of_a_layer_is_named_for_a_noun_or_listed(layer: str) -> None:
    """Why: a noun under another name in one layer is looked for in vain."""
    assert names(layer) - NOUNS == set(NOT_NOUNS[layer].split())


def test_every_noun_has_a_file() -> None:
    """Why: a noun that is gone from every layer is gone from the list too."""
    assert set().union(*(names(layer) for layer in LAYERS)) >= NOUNS
