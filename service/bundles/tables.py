"""The tables of a bundle: which rows each CSV file holds, which columns, and what is masked or left out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa

from service.bundles.masked_columns import BANK_ACCOUNT, PERSON, MaskedColumn, Masking
from service.bundles.scope import (
    BundleScope,
    Condition,
    activities_of,
    cases_of,
    confirmations_of,
    documents_of,
    donations_of,
    gifts_of,
    households_of,
    persons_of,
    visits_of,
)
from service.bundles.verifier.table_rows import cell_of
from service.integrity.stored_rows import streamed
from service.queries.scope import paths_above
from service.tables.accounts import account, role_grant
from service.tables.activities import activity
from service.tables.cases import approval, case, case_duty, paper, verification
from service.tables.column_classification import CLASSIFICATION, Data
from service.tables.confirmations import confirmation, confirmer
from service.tables.consents import consent
from service.tables.documents import document, paper_document, stored_file
from service.tables.donations import donation
from service.tables.finances import finance_line
from service.tables.fund_allocations import fund_allocation
from service.tables.fund_receipts import fund_receipt
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.household_changes import household_change
from service.tables.households import household
from service.tables.kinship import kinship
from service.tables.ledger import ledger_entry
from service.tables.notices import notice, objection
from service.tables.number_absences import number_absence
from service.tables.pairings import pairing
from service.tables.payees import bank_account
from service.tables.payments import bank_advice, payment
from service.tables.persons import person
from service.tables.policies import calendar_day, calendar_year, policy_set
from service.tables.row_fingerprints import FINGERPRINTS
from service.tables.units import unit
from service.tables.visits import visit, visit_confirmation, visit_photo, visit_visitor

Rows = Callable[[BundleScope], Condition]
Mask = Callable[[Masking, Mapping[str, Any]], dict[str, str | None]]


class Compared(Enum):
    """In which columns the verifier compares the rows of a table with the events."""

    NOT = "not"
    CHANGES = "changes"
    """In those that may change: the others are recorded by one digest, and some of them are not in the bundle."""
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class BundleTable:
    """One table: its rows in a bundle, the columns that are left out, those that are masked, and its folder."""

    table: sa.Table
    rows: Rows
    left_out: frozenset[str] = frozenset()
    masked: tuple[MaskedColumn, ...] = ()
    mask: Mask | None = None
    compared: Compared = Compared.NOT

    folder: str = "rows"

    @property
    def path(self) -> str:
        """Return the name of its file."""
        return f"{self.folder}/{self.table.name}.csv"

    @property
    def columns(self) -> list[sa.Column[Any]]:
        """Return the columns that are shown as they are: none that identifies a person."""
        classes = CLASSIFICATION[self.table.name]
        kept = (each for each in self.table.columns if Data.PERSONAL not in classes[each.name])
        return [each for each in kept if each.name not in self.left_out]


def _all(_scope: BundleScope) -> Condition:
    return sa.true()


def _of(owner: sa.Table, column: sa.Column[Any], rows: Rows, key: sa.Column[Any] | None = None) -> Rows:
    """Return the condition for rows whose owner is in the bundle; `key` is the owner's column that names them, else its id."""
    named = owner.c.id if key is None else key
    return lambda scope: sa.select(owner.c.id).where(named == column, rows(scope)).exists()


def _units(scope: BundleScope) -> Condition:
    """Return the condition for the units of the bundle, and for those above, whose staff decides too."""
    above = paths_above(sa.cast(sa.literal(scope.unit_path), sa.Text()))
    return sa.or_(scope.in_unit(unit.c.path), unit.c.path.in_(above))


def _grants(scope: BundleScope) -> Condition:
    of_unit = sa.select(account.c.id).join(unit, unit.c.id == account.c.unit_id)
    return of_unit.where(account.c.id == role_grant.c.account_id, scope.in_unit(unit.c.path)).exists()


def _entries(scope: BundleScope) -> Condition:
    of_case = _of(case, ledger_entry.c.case_id, cases_of)(scope)
    of_gift = _of(gift, ledger_entry.c.subject_id, gifts_of)(scope)
    return sa.or_(scope.on_lines(ledger_entry.c.fund_id), of_case, of_gift)


def _on_lines(column: sa.Column[Any]) -> Rows:
    return lambda scope: scope.on_lines(column)


_RECORDED = frozenset({"natural_key"})
_DIGESTS = frozenset({"content", "seen", "shown_hash", "people"})
_MONEY: dict[str, Any] = {"compared": Compared.WHOLE}
_CHANGES: dict[str, Any] = {"compared": Compared.CHANGES}

BUNDLE_TABLES = (
    BundleTable(unit, _units),
    BundleTable(account, _of(unit, account.c.unit_id, _units), frozenset({"email"})),
    BundleTable(role_grant, _grants),
    BundleTable(household, households_of, **_CHANGES),
    BundleTable(person, persons_of, masked=PERSON, mask=Masking.of_person),
    BundleTable(
        bank_account,
        _of(household, bank_account.c.household_id, households_of),
        masked=BANK_ACCOUNT,
        mask=Masking.of_bank_account,
    ),
    BundleTable(number_absence, _of(person, number_absence.c.person_id, persons_of)),
    *(
        BundleTable(table, _of(household, table.c.household_id, households_of), _RECORDED)
        for table in (finance_line, consent, kinship, pairing, household_change)
    ),
    BundleTable(case, cases_of, frozenset({"answers", "first_answers", "head_hash"}), **_CHANGES),
    *(
        BundleTable(table, _of(case, table.c.case_id, cases_of), _DIGESTS)
        for table in (case_duty, paper, verification, notice, objection, approval)
    ),
    BundleTable(document, documents_of),
    BundleTable(stored_file, _of(document, stored_file.c.id, documents_of, document.c.file_id)),
    BundleTable(paper_document, _of(case, paper_document.c.case_id, cases_of)),
    BundleTable(visit, visits_of, _RECORDED | {"seen"}),
    BundleTable(visit_visitor, _of(visit, visit_visitor.c.visit_id, visits_of)),
    BundleTable(visit_photo, _of(visit, visit_photo.c.visit_id, visits_of)),
    BundleTable(visit_confirmation, _of(visit, visit_confirmation.c.visit_id, visits_of)),
    BundleTable(fund, _on_lines(fund.c.id), **_MONEY),
    BundleTable(fund_allocation, _on_lines(fund_allocation.c.fund_id), **_MONEY),
    BundleTable(fund_receipt, _on_lines(fund_receipt.c.fund_id), **_MONEY),
    BundleTable(ledger_entry, _entries, **_MONEY),
    BundleTable(payment, _of(case, payment.c.case_id, cases_of), **_MONEY),
    BundleTable(bank_advice, _of(case, bank_advice.c.case_id, cases_of), **_MONEY),
    BundleTable(gift, gifts_of, **_MONEY),
    BundleTable(donation, donations_of, **_MONEY),
    BundleTable(activity, activities_of, **_MONEY),
    BundleTable(confirmation, confirmations_of),
    BundleTable(confirmer, _of(confirmation, confirmer.c.confirmation_id, confirmations_of)),
    BundleTable(policy_set, _all, frozenset({"source"}), folder="policy"),
    BundleTable(calendar_day, _all, folder="calendar"),
    BundleTable(calendar_year, _all, folder="calendar"),
)
"""The tables in the order of their files; a sealed column is in none of them, whatever is added to a table."""


def kind_of(column: sa.Column[Any]) -> str:
    """Return the kind of a column's cells (service/bundles/verifier/table_rows.py)."""
    if isinstance(column.type, sa.BigInteger) and column.name.endswith("fen"):
        return "money"
    kinds = ((sa.Boolean, "bool"), (sa.Integer, "int"), (sa.ARRAY, "json"), (sa.JSON, "json"))
    return next((kind for of, kind in kinds if isinstance(column.type, of)), "text")


def headers(table: BundleTable) -> list[tuple[str, str, str]]:
    """Return header, name and kind of each column of a file; the header of money in fen says that it is in yuan."""
    kept = [(each.name, kind_of(each)) for each in table.columns]
    named = [(f"{name.removesuffix('fen')}yuan" if kind == "money" else name, name, kind) for name, kind in kept]
    return [*named, *((each.name, each.name, "text") for each in table.masked)]


def _cell(column: sa.Column[Any]) -> Callable[[Any], str]:
    """Return how a column's values are written, so that the verifier reads what the events record."""
    kind, types = kind_of(column), column.type
    if isinstance(types, sa.Uuid):
        write: Callable[[Any], str] = str
    elif isinstance(types, sa.DateTime):
        write = _instant
    elif isinstance(types, sa.Date):
        write = date.isoformat
    elif isinstance(types, sa.LargeBinary):
        write = _hex
    else:
        return lambda value: cell_of(value, kind)
    return lambda value: "" if value is None else write(value)


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _hex(value: bytes) -> str:
    return bytes(value).hex()


def described(table: BundleTable) -> dict[str, Any]:
    """Return what the manifest says of a table, so that its rows can be compared with the events."""
    fingerprint, shown = FINGERPRINTS[table.table.name], {each.name for each in table.columns}
    is_compared = table.compared is not Compared.NOT
    changing = {name: log for name, log in fingerprint.changing.items() if name in shown}
    return {
        "path": table.path,
        "columns": headers(table),
        "key": list(fingerprint.key),
        "log": fingerprint.log_name,
        "fixed": dict(fingerprint.fixed) if table.compared is Compared.WHOLE else {},
        "changing": changing if is_compared else {},
        "absent": dict(fingerprint.absent),
        "bound": is_compared,
    }


def rows_of(conn: sa.Connection, table: BundleTable, scope: BundleScope, masking: Masking) -> Iterator[list[str]]:
    """Yield the rows of a table as cells, in the order of their keys and in constant memory."""
    columns, keys = table.columns, list(table.table.primary_key.columns)
    selected = [*columns, *(table.table.c[each.sealed] for each in table.masked)]
    names, rows = [each.name for each in selected], sa.select(*selected)
    writers = [_cell(each) for each in columns]
    for row in streamed(conn, rows.where(table.rows(scope)).order_by(*keys)):
        cells = [write(value) for write, value in zip(writers, row, strict=False)]
        if table.mask is not None:
            masked = table.mask(masking, dict(zip(names, row, strict=True)))
            cells += [cell_of(masked[each.name], "text") for each in table.masked]
        yield cells
