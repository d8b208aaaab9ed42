"""/households: open a file, list, see, correct; its economy, consent, account and pairing."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from service.actions import economy, filing, payees, persons, ties
from service.actions.trail import Unknown
from service.api.etags import tagged, version_read
from service.api.pages import paged
from service.auth import READERS, needs
from service.queries import households as read
from service.queries import masked
from service.queries.page import Page, page_by_id
from service.request import asked, caller, house, tx
from service.schemas import households as shapes
from service.schemas.fields import PageIn
from workflows.terms import BadAnswers, Fen, Reason, Role

households = Blueprint("households", __name__, description="家庭档案 Household files")


@households.post("/households")
@needs(Role.REGISTRAR)
@households.arguments(shapes.HouseholdIn)
@households.response(201, shapes.MadeOut)
def file_household(body: dict[str, Any]) -> dict[str, UUID]:
    """Open a family's file whole: members, economy, consent, account. 422 names every wrong field."""
    keys = {each.pop("key") or str(index): index for index, each in enumerate(body["members"])}
    members = tuple(persons.Person(**each) for each in body.pop("members"))
    ids = {key: members[index].id for key, index in keys.items()}
    given, consent, payee = body.pop("economy"), body.pop("consent"), body.pop("payee")
    new = filing.NewFile(
        **body | {"observed": tuple(body["observed"])},
        members=members,
        economy=_economy(given, ids) if given else None,
        consent=ties.Consent(**consent) if consent else None,
        payee=_payee(payee, ids) if payee else None,
    )
    return {"id": filing.file_household(tx(), new, asked())}


def _who(key: str, ids: dict[str, UUID], field: str) -> UUID:
    if key in ids:
        return ids[key]
    try:
        return UUID(key)
    except ValueError:
        raise BadAnswers(Reason.of("member_unknown", field=field, known=sorted(ids))) from None


def _economy(body: dict[str, Any], ids: dict[str, UUID]) -> economy.Economy:
    lines = tuple(
        economy.Line(
            side=each["side"],
            kind=each["kind"],
            fen=Fen(each["amount"]),
            reimbursed=Fen(each["reimbursed"]),
            person_id=_who(each["person"], ids, f"economy.lines[{index}].person") if each["person"] else None,
        )
        for index, each in enumerate(body["lines"])
    )
    return economy.Economy(body["as_of"], lines, body["idle_able_members"])


def _payee(body: dict[str, Any], ids: dict[str, UUID]) -> payees.Payee:
    return payees.Payee(_who(body["person"], ids, "payee.person"), body["bank"], body["card"])


@households.get("/households")
@needs(*READERS)
@households.arguments(PageIn, location="query")
@households.response(200, shapes.HouseholdPageOut)
def list_households(query: dict[str, Any]) -> dict[str, Any]:
    """Files in your units, in the order of their entry."""

    def run(_filters: object, after: list[str] | None, size: int) -> Page:
        found = read.page(tx(), caller(), UUID(after[0]) if after else None, size + 1)
        return page_by_id(found, size, read.count(tx(), caller()))

    return paged(query, run)


@households.get("/households/<uuid:household_id>")
@needs(*READERS)
@households.response(200, shapes.HouseholdOut)
def see_household(household_id: UUID) -> Response:
    """One file with its people masked, and its version as ETag."""
    return _household(household_id)


def _household(household_id: UUID) -> Response:
    row = read.one(tx(), household_id, caller())
    if row is None:
        raise Unknown
    row["members"] = [masked.member(house().ring, each) for each in read.members(tx(), household_id)]
    row["lines"], row["consents"] = read.lines(tx(), household_id), read.consents(tx(), household_id)
    row["payee"] = masked.payee(house().ring, read.payee(tx(), household_id))
    return tagged(shapes.HouseholdOut().dump(row), row["version"])


@households.patch("/households/<uuid:household_id>")
@needs(Role.REGISTRAR)
@households.arguments(shapes.HouseholdEditIn)
@households.response(200, shapes.HouseholdOut)
def edit_household(body: dict[str, Any], household_id: UUID) -> Response:
    """Correct fields of a file. What approvals rest on voids the signatures that covered it."""
    filing.edit_household(tx(), household_id, body, asked(version_read(required=True)))
    return _household(household_id)


@households.put("/households/<uuid:household_id>/economy")
@needs(Role.REGISTRAR)
@households.arguments(shapes.EconomyIn)
@households.response(204)
def replace_economy(body: dict[str, Any], household_id: UUID) -> None:
    """Put these lines in the place of those on file."""
    economy.replace_economy(tx(), household_id, _economy(body, {}), asked(version_read(required=True)))


@households.post("/households/<uuid:household_id>/members")
@needs(Role.REGISTRAR)
@households.arguments(shapes.PersonIn)
@households.response(201, shapes.MadeOut)
def add_person(body: dict[str, Any], household_id: UUID) -> dict[str, UUID]:
    """Add a member to a file."""
    body.pop("key")
    return {"id": persons.add_person(tx(), household_id, persons.Person(**body), asked(version_read(required=False)))}


@households.post("/households/<uuid:household_id>/consents")
@needs(Role.REGISTRAR, Role.VISITOR)
@households.arguments(shapes.ConsentIn)
@households.response(201, shapes.MadeOut)
def give_consent(body: dict[str, Any], household_id: UUID) -> dict[str, UUID]:
    """Keep a family's signed authorisation."""
    return {"id": ties.give_consent(tx(), household_id, ties.Consent(**body), asked(version_read(required=False)))}


@households.post("/households/<uuid:household_id>/payee")
@needs(Role.REGISTRAR)
@households.arguments(shapes.PayeeIn)
@households.response(201, shapes.MadeOut)
def set_payee(body: dict[str, Any], household_id: UUID) -> dict[str, UUID]:
    """Name the account money goes to from now on; signatures that covered another fall."""
    return {"id": payees.set_payee(tx(), household_id, _payee(body, {}), asked(version_read(required=False)))}


@households.post("/households/<uuid:household_id>/pairings")
@needs(Role.REGISTRAR)
@households.arguments(shapes.PairingIn)
@households.response(201, shapes.MadeOut)
def pair(body: dict[str, Any], household_id: UUID) -> dict[str, UUID]:
    """Pair a unit with the household (结对帮扶)."""
    return {"id": ties.pair(tx(), household_id, ties.Pairing(**body), asked())}
