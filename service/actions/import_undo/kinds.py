"""The kinds of records that an undo reverses, in order: what leans on another record goes before it."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from service.actions.activities import VOIDABLE as ACTIVITIES
from service.actions.donations import VOIDABLE as DONATIONS
from service.actions.gifts import RECORDERS
from service.actions.visits import VOIDABLE as VISITS
from service.tables.activities import activity
from service.tables.donations import donation
from service.tables.fund_receipts import fund_receipt
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.pairings import pairing
from service.tables.visits import visit
from workflows.import_codes import ImportedKind
from workflows.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Reversal:
    """How a kind of record is reversed: its table, the roles for it, and the subject and action of the event."""

    table: sa.Table
    roles: tuple[Role, ...]
    subject: str
    action: str


REVERSALS: Mapping[ImportedKind, Reversal] = {
    ImportedKind.GIFT: Reversal(gift, RECORDERS, "gift", "void_gift"),
    ImportedKind.FUND_RECEIPT: Reversal(fund_receipt, (Role.CASHIER, Role.APPROVER), "fund", "void_receipt"),
    ImportedKind.VISIT: Reversal(visit, VISITS.roles, "visit", "void_visit"),
    ImportedKind.DONATION: Reversal(donation, DONATIONS.roles, "donation", "void_donation"),
    ImportedKind.ACTIVITY: Reversal(activity, ACTIVITIES.roles, "activity", "void_activity"),
    ImportedKind.PAIRING: Reversal(pairing, (Role.REGISTRAR,), "household", "void_pairing"),
    ImportedKind.HOUSEHOLD: Reversal(household, (Role.REGISTRAR,), "household", "end_file"),
}
"""Kinds that are not here stay: units, accounts, roles, fund lines, allocations and kinship have ways of their own."""

MONEY_ROLES: Mapping[ImportedKind, tuple[Role, ...]] = {
    ImportedKind.GIFT: (Role.APPROVER,),
    ImportedKind.FUND_RECEIPT: (Role.CASHIER, Role.APPROVER),
}
"""Kinds whose records may be money: each such record is voided by its own action, with every check of it."""
