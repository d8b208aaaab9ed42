"""A tree of units with one record of each kind in its bureau."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from service.actions import activities, donations, fund_allocations, fund_receipts, gifts, pairings, visits
from service.actions import kinship as kinship_actions
from service.actions.activities import NewActivity
from service.actions.confirmations import propose
from service.actions.context import ActionContext
from service.actions.donations import NewDonation
from service.actions.fund_receipts import NewReceipt
from service.actions.gift_checks import NewGift
from service.actions.proposals.money import ReceiptContent
from service.actions.workbook_imports import ImportedFile, ImportedRecord, record_import
from service.tables.accounts import role_grant, token
from service.tables.events import event
from service.tables.fund_allocations import fund_allocation
from service.tables.kinship import kinship
from service.tables.notices import notice
from service.tables.notifications import notification
from service.tables.visits import visit
from tests.document_files import add_photo
from tests.factories import Organisation, create_family, create_organisation
from tests.worker.notification_fixtures import tuition_at_notice
from workflows.import_codes import ImportedKind
from workflows.vocabulary import Fen

TODAY = date(2025, 9, 30)


@dataclass(frozen=True)
class OrgTree:
    """Four organisations by their position to the bureau, and the ids of the bureau's records.

    Positions: `own` (the bureau), `above` (its county), `below` (a school), `beside` (another unit of the county).
    """

    offices: dict[str, Organisation]
    ids: dict[str, str]

    def filled(self, template: Any) -> Any:
        """Return a path or body with the ids filled in; {fresh} becomes an unused name."""
        if isinstance(template, str):
            return template.format(**self.ids, fresh=f"n{uuid4().hex[:12]}")
        if isinstance(template, dict):
            return {key: self.filled(value) for key, value in template.items()}
        return [self.filled(each) for each in template] if isinstance(template, list) else template

    def secret(self) -> set[str]:
        """Return the ids that only the bureau and units above may read.

        The bureau's unit id is not among them: the school knows it as its parent.
        """
        return {
            self.ids[name]
            for name in (
                "case",
                "household",
                "person",
                "fund",
                "notice",
                "visit",
                "allocation",
                "kinship",
                "gift",
                "donation",
                "activity",
                "visit_outside",
                "pairing",
                "notification",
                "dead",
                "letter",
                "confirmation",
                "document",
                "import",
            )
        }


def build(conn: sa.Connection, folder: Path | None = None) -> OrgTree:
    """Write the units and the records of the bureau; with the data folder of its web process, a document too."""
    county = create_organisation(conn)
    bureau = create_organisation(conn, above=county)
    offices = {
        "own": bureau,
        "above": county,
        "below": create_organisation(conn, above=bureau),
        "beside": create_organisation(conn, above=county),
    }
    second_school = create_organisation(conn, above=bureau, fen=0)
    family = create_family(conn, bureau)
    case_id = tuition_at_notice(conn, bureau, family)
    new_allocation = fund_allocations.NewFundAllocation(
        bureau.fund_id, second_school.unit_id, TODAY, date(2025, 12, 31), "示例〔2025〕9号", ceiling=Fen(100_000)
    )
    fund_allocations.allocate_to_unit(conn, new_allocation, bureau.seconded(conn, "approver_3", TODAY, by="cashier"))
    context = bureau.context(conn, "registrar", TODAY)
    kinship_actions.declare_kinship(conn, family.household_id, bureau.people["follower"], "other", context)
    ids = _ids(conn, bureau, family.household_id, family.head_id, case_id)
    ids |= _records_outside_cases(conn, bureau, family.household_id)
    ids["import"] = _imported(conn, bureau, UUID(ids["donation"]), context)
    ids["document"] = str(add_photo(conn, folder, family.household_id, context)) if folder else str(uuid4())
    return OrgTree(offices, ids | _proposal(conn, bureau))


def _imported(conn: sa.Connection, bureau: Organisation, donation_id: UUID, context: ActionContext) -> str:
    """Record that an import made the donation; return its id."""
    made = ImportedRecord(ImportedKind.DONATION, donation_id, bureau.people["registrar"], "捐款 2")
    return str(record_import(conn, [ImportedFile("捐款.xlsx", "ab" * 32)], [made], context))


def _proposal(conn: sa.Connection, bureau: Organisation) -> dict[str, str]:
    """Propose a receipt; return the id and the digest of its confirmation."""
    content = ReceiptContent(bureau.fund_id, NewReceipt(Fen(100), "银收10", TODAY))
    proposal = propose(conn, "receipt", content, bureau.context(conn, "cashier", TODAY))
    # A proposal of money is none of rules: its page of affected families is found by nobody.
    return {"confirmation": str(proposal.id), "digest": proposal.digest, "proposal": str(proposal.id)}


def _records_outside_cases(conn: sa.Connection, bureau: Organisation, household_id: UUID) -> dict[str, str]:
    """Write one record of each kind outside cases and return the ids by kind."""
    context, cashier = bureau.context(conn, "registrar", TODAY), bureau.seconded(conn, "cashier", TODAY)
    visitor = bureau.people["visitor_1"]
    goods = NewGift(
        bureau.unit_id, household_id, TODAY, "KIND", "慰问", "502", visitor, True, goods="米", goods_unit="袋"
    )
    visit_outside = visits.NewVisit(bureau.unit_id, "hardship", TODAY, "home", (visitor,), household_id)
    donation = NewDonation(bureau.unit_id, TODAY, "received", "献爱心", "县", Fen(100), "县")
    activity = NewActivity(bureau.unit_id, TODAY, "读书会", "culture", Fen(100), "501")
    pairing = pairings.Pairing(bureau.unit_id, "连心", "县", TODAY)
    receipt = NewReceipt(Fen(100), "银收9", TODAY)
    record_ids = {
        "gift": gifts.record_gift(conn, goods, context),
        "visit_outside": visits.record_visit(conn, visit_outside, context),
        "donation": donations.record_donation(conn, donation, context),
        "activity": activities.record_activity(conn, activity, context),
        "pairing": pairings.record_pairing(conn, household_id, pairing, context),
        "receipt": fund_receipts.record_receipt(conn, bureau.fund_id, receipt, cashier),
    }
    return {name: str(record_id) for name, record_id in record_ids.items()}


def _ids(conn: sa.Connection, bureau: Organisation, household: UUID, head: UUID, case_id: UUID) -> dict[str, str]:
    def first(column: sa.Column[Any], *conditions: sa.ColumnElement[bool]) -> str:
        return str(conn.scalars(sa.select(column).where(*conditions).order_by(column)).first())

    inbox_conditions = notification.c.case_id == case_id, notification.c.channel == "inbox"
    mailed = sa.select(notification.c.id).where(notification.c.case_id == case_id, notification.c.channel == "email")
    failed_ids = list(conn.scalars(mailed.order_by(notification.c.id).limit(2)))
    conn.execute(notification.update().where(notification.c.id.in_(failed_ids)).values(state="permanent_failure"))
    conn.execute(notification.update().where(*inbox_conditions).values(state="delivered", delivered_at=sa.func.now()))
    return {
        "case": str(case_id), "household": str(household), "person": str(head), "unit": str(bureau.unit_id),
        "fund": str(bureau.fund_id), "policy_set": str(bureau.policy_id), "account": str(bureau.people["witness"]),
        "notice": first(notice.c.id, notice.c.case_id == case_id),
        "notification": first(notification.c.id, *inbox_conditions), "dead": str(failed_ids[0]), "letter": str(failed_ids[1]),
        "visit": first(visit.c.id, visit.c.case_id == case_id),
        "kinship": first(kinship.c.id, kinship.c.household_id == household),
        "allocation": first(fund_allocation.c.id, fund_allocation.c.fund_id == bureau.fund_id),
        "grant": first(role_grant.c.id, role_grant.c.account_id == bureau.people["witness"]),
        "number": first(event.c.no, event.c.subject_id == case_id),
        "token": first(token.c.id, token.c.account_id == bureau.people["witness"]),
        "visitor": str(bureau.people["visitor_1"]), "bystander": str(bureau.people["witness"]),
        "action": "submit", "page": "0", "key": "survey_visits", "kind": "exit",
    }  # fmt: skip
