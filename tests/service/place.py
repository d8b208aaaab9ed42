"""A county with a bureau below it, a school below that and a bureau beside; the bureau has one of everything."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from service.actions import kin, openings
from service.tables.cases import notice, visit
from service.tables.funds import fund_opening
from service.tables.households import kinship
from service.tables.letters import letter
from service.tables.units import role_grant
from tests.office import Office, file_family, open_office
from tests.worker.letters import tuition_at_notice

TODAY = date(2025, 9, 30)


@dataclass(frozen=True)
class Place:
    """Four offices by where they stand to the bureau, and the ids of what the bureau has."""

    offices: dict[str, Office]
    ids: dict[str, str]

    def filled(self, given: Any) -> Any:
        """A path or body with the ids in it; {fresh} is a name nobody has yet."""
        if isinstance(given, str):
            return given.format(**self.ids, fresh=f"n{uuid4().hex[:12]}")
        if isinstance(given, dict):
            return {key: self.filled(value) for key, value in given.items()}
        return [self.filled(each) for each in given] if isinstance(given, list) else given

    def secret(self) -> set[str]:
        """The ids that only the bureau and those above it may meet; its own id is known to the school, as its parent."""
        return {
            self.ids[name] for name in ("case", "household", "person", "fund", "notice", "visit", "opening", "kinship")
        }


def build(tx: sa.Connection) -> Place:
    """Write all of it."""
    county = open_office(tx)
    bureau = open_office(tx, above=county)
    offices = {
        "own": bureau,
        "above": county,
        "below": open_office(tx, above=bureau),
        "beside": open_office(tx, above=county),
    }
    nephew = open_office(tx, above=bureau, fen=0)
    family = file_family(tx, bureau)
    case_id = tuition_at_notice(tx, bureau, family)
    new = openings.NewOpening(bureau.fund_id, nephew.unit_id, TODAY, date(2025, 12, 31), "示例〔2025〕9号")
    openings.open_to_unit(tx, new, bureau.asked(tx, "approver_3", TODAY))
    asked = bureau.asked(tx, "registrar", TODAY)
    kin.declare(tx, family.household_id, bureau.people["follower"], "other", asked)
    return Place(offices, _ids(tx, bureau, family.household_id, family.head_id, case_id))


def _ids(tx: sa.Connection, bureau: Office, household: UUID, head: UUID, case_id: UUID) -> dict[str, str]:
    def first(column: sa.Column[Any], *where: sa.ColumnElement[bool]) -> str:
        return str(tx.scalars(sa.select(column).where(*where).order_by(column)).first())

    letters = letter.c.case_id == case_id, letter.c.channel == "inbox"
    dead = first(letter.c.id, letter.c.case_id == case_id, letter.c.channel == "email")
    tx.execute(letter.update().where(letter.c.id == dead).values(state="permanent_failure"))
    tx.execute(letter.update().where(*letters).values(state="delivered", delivered_at=sa.func.now()))
    return {
        "case": str(case_id), "household": str(household), "person": str(head), "unit": str(bureau.unit_id),
        "fund": str(bureau.fund_id), "policy_set": str(bureau.policy_id), "account": str(bureau.people["witness"]),
        "notice": first(notice.c.id, notice.c.case_id == case_id), "letter": first(letter.c.id, *letters), "dead": dead,
        "visit": first(visit.c.id, visit.c.case_id == case_id),
        "kinship": first(kinship.c.id, kinship.c.household_id == household),
        "opening": first(fund_opening.c.id, fund_opening.c.fund_id == bureau.fund_id),
        "grant": first(role_grant.c.id, role_grant.c.account_id == bureau.people["witness"]),
        "visitor": str(bureau.people["visitor_1"]), "bystander": str(bureau.people["witness"]),
        "action": "submit", "key": "survey_visits",
    }  # fmt: skip
