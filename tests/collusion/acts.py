"""Judges one write outside cases: were the two people there whom workflows/powers.py demands?"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

from service.actions.gift_checks import HANDOVER_ROLES
from tests.collusion.demanded import TABLE
from workflows.powers import OUTSIDE_ADMINISTRATION, SECOND_FOR_MONEY, SECOND_FOR_POWER, Power, Touches
from workflows.vocabulary import Fen, Role

if TYPE_CHECKING:
    from tests.collusion.judge import Record

SECOND_BY_IMPORT = {
    Touches.MONEY: SECOND_FOR_MONEY,
    Touches.POWER: SECOND_FOR_POWER,
    Touches.RULES: OUTSIDE_ADMINISTRATION,
}


def find_in_act(record: "Record", row: Any, body: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the people of one write outside cases."""
    act = (row.subject, row.action)
    facts = body.get("facts", {})
    if row.action == "grant_role":
        yield from _of_grant(row, facts)
    if row.action == "make_token" and row.subject_id not in record.controlled:
        yield "power: a token made in the name of its owner"
    power = TABLE.get(act)
    if power is None or not power.confirms or (power.only_money and not facts.get("entries")):
        return
    yield from _of_people(record, row, facts, power)


def _of_people(record: "Record", row: Any, facts: dict[str, Any], power: Power) -> Iterator[str]:
    """Yield what is wrong with the proposer and the confirmers of a write that needs a second person."""
    write = f"{power.touches[0].value}: {row.subject}.{row.action}"
    if record.founding_open:
        yield f"{write} before the founding was closed"
    confirmers = record.confirmers.get(row.confirmation_id, frozenset())
    principal = _uuid(facts.get("principal"))
    people = confirmers | {row.actor_id}
    if not confirmers or row.actor_id in confirmers:
        yield f"{write} by one person"
        return
    if not people <= record.controlled:
        yield f"{write} in the name of others"
    if not _holds(record, row.actor_id, power.proposes) and principal not in record.controlled:
        yield f"{write} proposed without a role"
    if not _confirmed(record, row, facts, power, confirmers):
        yield f"{write} confirmed by the wrong person"
    if confirmers & _gaining(row, facts):
        yield f"{write} confirmed by who gains"
    yield from _of_sum(record, row, facts, people)


def _of_grant(row: Any, facts: dict[str, Any]) -> Iterator[str]:
    """Yield a role that a person gave to themselves, or that begins before today without a reason."""
    if facts["from"] < row.on.isoformat() and "reason" not in facts:
        yield "power: a role dated back"
    if row.subject_id == row.actor_id:
        yield "power: a role given to oneself"


def _confirmed(record: "Record", row: Any, facts: dict[str, Any], power: Power, confirmers: frozenset[UUID]) -> bool:
    """Return whether the people named in the write confirmed it, or else a holder of one of the table's roles."""
    imported = record.acts.get(row.confirmation_id) == "import"
    named = _named(row, facts, imported=imported) - {row.actor_id}
    if named:
        return named <= confirmers
    roles = SECOND_BY_IMPORT[power.touches[0]] if imported and power.touches[0] in SECOND_BY_IMPORT else power.confirms
    return any(_holds(record, each, roles) for each in confirmers)


def _named(row: Any, facts: dict[str, Any], *, imported: bool) -> frozenset[UUID]:
    """Return who signs in person: the keeper of a row, the approver and the hander of a gift, a principal."""
    named: set[UUID | None] = {_uuid(facts.get("principal"))} if imported else set()
    if row.action == "record_gift":
        named |= {_uuid(facts.get("approved_by")), _uuid(facts.get("handed_by"))}
    if row.action == "grant_role":
        named.add(_uuid(facts.get("for")))
    return frozenset(each for each in named if each is not None)


def _gaining(row: Any, facts: dict[str, Any]) -> frozenset[UUID]:
    """Return to whom a write gives something."""
    gaining = {_uuid(facts.get("account"))} if row.action == "end_kinship" else set()
    if row.action in {"grant_role", "invite"}:
        gaining.add(row.subject_id)
    return frozenset(each for each in gaining if each is not None)


def _of_sum(record: "Record", row: Any, facts: dict[str, Any], people: frozenset[UUID]) -> Iterator[str]:
    """Yield a sum beyond the tier of the approver among these people; a gift handed over by who approved it."""
    fen = (
        facts.get("ceiling") if row.action == "open_to_unit" else facts.get("fen") if row.action == "record_gift" else 0
    )
    if row.action == "open_to_unit" and fen is None:
        yield "money: an opening without a ceiling"
    tiers = [record.roles.get(each, {}).get(Role.APPROVER, 0) for each in people]
    if record.policy is not None and fen and max(tiers) < record.policy.tier_for(Fen(fen)):
        yield f"money: {row.action} of {fen} fen beyond the approver's tier"
    if row.action == "record_gift":
        if facts["approved_by"] == facts["handed_by"]:
            yield "money: a gift handed over by its approver"
        if (_uuid(facts["household"]), _uuid(facts["handed_by"])) in record.before.kin:
            yield "money: a gift handed over by a relative"
        if not _holds(record, _uuid(facts["handed_by"]), HANDOVER_ROLES):
            yield "money: a gift handed over by nobody entitled"


def _holds(record: "Record", account_id: UUID | None, roles: tuple[Role, ...]) -> bool:
    return account_id is not None and bool({role.value for role in roles} & set(record.roles.get(account_id, {})))


def _uuid(text: object) -> UUID | None:
    return UUID(str(text)) if text else None
