"""The rules that close the ways of insiders, each switched off alone: a walk must then find the fraud."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from service.actions import accounts, confirmations, fund_allocations, gift_checks, policies
from service.actions.confirmations import Proposal
from service.actions.errors import SecondPersonMissing
from service.actions.import_undo.undo import UndoContent, undo_import
from service.actions.proposals.registry import WRITES
from service.actions.proposals.write import Confirmer
from service.db.columns import new_id
from service.imports.proposed_import import ProposedImport
from service.queries import confirmations as confirmation_queries
from service.queries.accounts import caller_by_id
from tests.architecture.powers_page import ROUTES, SHEETS
from tests.collusion import undoing
from tests.collusion.demanded import TABLE
from tests.collusion.undoing import UNDO
from workflows import state_machine
from workflows.powers import POWERS, SECOND_FOR_MONEY
from workflows.programmes import PROGRAMMES
from workflows.rules import approval as approval_rules
from workflows.rules import public_notice, survey
from workflows.vocabulary import INCOMPATIBLE_DUTIES, Duty, Role

Off = Callable[[ExitStack], None]

NO_SECOND_PERSON = ("ALTER TABLE event DISABLE TRIGGER event_has_second_person",)
NO_DUTIES = ("ALTER TABLE case_duty DISABLE TRIGGER duties_keep_apart",)
BAR_ENDS = (
    "CREATE FUNCTION bar_ends() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.ended_on := '2020-01-01'; RETURN NEW; END$$",
    "CREATE TRIGGER a_bar_ends BEFORE UPDATE ON kinship FOR EACH ROW EXECUTE FUNCTION bar_ends()",
)
FOUNDING_OPEN = (
    """INSERT INTO confirmation (id, act, unit_path, content_sealed, digest, proposed_by, proposed_at, until_on, state)
    SELECT gen_random_uuid(), 'founding', u.path, '\\x01', sha256('founding'), a.id, now(), '2099-01-01', 'proposed'
    FROM unit AS u JOIN account AS a ON a.unit_id = u.id WHERE u.parent_id IS NULL ORDER BY a.id LIMIT 1""",
)
HOLDER = {Role.CASHIER: "cashier", Role.APPROVER: "approver_3", Role.ADMIN: "admin", Role.REGISTRAR: "registrar"}
HOLDER |= {Role.VISITOR: "visitor_1"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One rule switched off: in the program (`off`) and in the database (`sql`); who attacks, and what they favour."""

    name: str
    row: str
    """The way of insiders that the rule closes."""

    people: tuple[str, ...]
    favours: tuple[str, ...]
    off: Off
    sql: tuple[str, ...] = ()
    """What the database would refuse besides; taken back with the walk."""

    @contextmanager
    def switched_off(self) -> Iterator[None]:
        """Switch the rule off for a while."""
        with ExitStack() as stack:
            self.off(stack)
            yield

    def switch(self, conn: sa.Connection) -> None:
        """Switch off what the database has of the rule."""
        for statement in self.sql:
            conn.execute(sa.text(statement))


@contextmanager
def patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Replace an attribute for a while; of a frozen dataclass too."""
    before = getattr(owner, name)
    put = setattr if isinstance(owner, type) or not hasattr(owner, "__dataclass_fields__") else object.__setattr__
    put(owner, name, value)
    try:
        yield
    finally:
        put(owner, name, before)


@contextmanager
def _row(act: tuple[str, str], value: Any) -> Iterator[None]:
    table: Any = POWERS
    before, table[act] = table[act], value
    try:
        yield
    finally:
        table[act] = before


def _no(*_arguments: Any, **_named: Any) -> tuple[()]:
    """Refuse nothing; name nobody."""
    return ()


def _nothing_off(_stack: ExitStack) -> None:
    """Leave the program as it is: the database alone is changed."""


def _put(owner: Any, name: str, value: Any) -> Off:
    return lambda stack: stack.enter_context(patched(owner, name, value))


def _without_rule(rule: str) -> Off:
    """Take a rule out of every step of the programmes' tables."""

    def off(stack: ExitStack) -> None:
        for step in (step for programme in PROGRAMMES.values() for step in programme.steps):
            kept = tuple(each for each in step.must_hold if each.__name__ != rule)
            if kept != step.must_hold:
                stack.enter_context(patched(step, "must_hold", kept))

    return off


def _both(*switches: Off) -> Off:
    def off(stack: ExitStack) -> None:
        for each in switches:
            each(stack)

    return off


def _without_second(*acts: tuple[str, str]) -> Off:
    """Let one person do these writes: the table names nobody, and a proposal is done at once."""
    proposing = confirmations.propose

    def at_once(conn: sa.Connection, act: str, content: Any, context: Any, *more: Any) -> Proposal:
        savepoint = conn.begin_nested()
        try:
            WRITES[act].run(conn, content, context)
        except SecondPersonMissing:
            savepoint.rollback()
            return proposing(conn, act, content, context, *more)
        savepoint.commit()
        return Proposal(new_id(), "0" * 64, context.today)

    def off(stack: ExitStack) -> None:
        for act in acts:
            stack.enter_context(_row(act, replace(POWERS[act], confirms=(), alone="takes_away")))
        if ("import", "undo") in acts:
            stack.enter_context(patched(undoing, "propose_undo", _undo_at_once))
        for module in [each for name, each in sys.modules.items() if name.startswith("service.api.")]:
            if getattr(module, "propose", None) is proposing:
                stack.enter_context(patched(module, "propose", at_once))

    return off


def _undo_at_once(conn: sa.Connection, import_id: Any, reason: str, context: Any) -> Proposal:
    """Undo an import without a second person."""
    undo_import(conn, UndoContent(import_id, reason), context)
    return Proposal(new_id(), "0" * 64, context.today)


def _without_pairs(*pairs: frozenset[Duty]) -> Off:
    kept = INCOMPATIBLE_DUTIES - set(pairs) if pairs else frozenset()
    return _both(*(_put(module, "INCOMPATIBLE_DUTIES", kept) for module in (state_machine, survey, approval_rules)))


def _any_confirmer(conn: sa.Connection, row: Any, write: Any, confirmers: list[Any], context: Any) -> Any:
    """Take any confirmer still missing, without regard to who asks."""
    del conn, row, write, context
    return next(each for each in confirmers if each.confirmed_by is None)


def _token_for_anybody(conn: sa.Connection, account_id: Any, label: str, expires_at: Any, context: Any) -> str:
    caller = caller_by_id(conn, account_id, context.today)
    assert caller is not None
    return _CREATE_TOKEN(conn, account_id, label, expires_at, replace(context, caller=caller))


_CREATE_TOKEN = accounts.create_token


def _relatives_welcome(step: Any, grant: Any, case: Any) -> Iterator[Any]:
    return (reason for reason in _PERSON_REFUSALS(step, grant, case) if reason.code != "own_family")


_PERSON_REFUSALS = state_machine._person_refusals


WITH: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("account", "add_account"): (("account", "invite"),),
    ("import", "undo"): (("fund", "void_receipt"),),
}
"""Acts that one write does together."""


def _row_mutants() -> Iterator[Mutant]:
    """Yield a mutant for each row of the table of powers that names a second person."""
    for act, power in TABLE.items():
        if not power.confirms or act == ("unit", "close_founding"):
            continue
        acts = (act, *WITH.get(act, ()))
        first = Role.ADMIN if power.proposes == tuple(Role) else power.proposes[0]
        role = {"gift": Role.APPROVER, "import": Role.CASHIER}.get(act[0], first)  # who takes back or gives money
        people = (HOLDER[role], "auditor") if act[1] == "withdraw_policy" else (HOLDER[role],)
        routes = [name for name, writes in ROUTES.items() if act in writes]
        sheets = [f"import {title}" for title, writes in SHEETS.items() if act in writes]
        favours = (
            *routes,
            *sheets,
            *((UNDO,) if act == ("import", "undo") else ()),
            *(("confirm", "policies.load_policy") if len(people) > 1 else ()),
        )
        yield Mutant(
            f"second person of {'.'.join(act)}", "A1–A5", people, favours, _without_second(*acts), NO_SECOND_PERSON
        )


STEPS, PEOPLE_OF_POWER = ("case step", "days"), ("admin", "approver_1")
GRANTS = ("accounts.grant_role", "confirm", "import 人员、授权")
# fmt: off
MUTANTS: tuple[Mutant, ...] = (
    *_row_mutants(),
    Mutant("confirmer is not the proposer", "A1", ("cashier",), ("fund_receipts.record_receipt", "confirm"), _put(confirmations, "_asked_confirmer", _any_confirmer),
           ("ALTER TABLE confirmer DROP CONSTRAINT ck_confirmer_another_person",)),
    Mutant("nothing before the founding is closed", "A2", ("admin", "approver_1"), ("accounts.add_account", "confirm"),
           _put(confirmation_queries, "is_open", lambda *_: False), FOUNDING_OPEN),
    Mutant("confirmer does not gain", "A2", PEOPLE_OF_POWER, GRANTS, _put(WRITES["grant"], "gains", _no)),
    Mutant("signers named in sheets", "A1", ("registrar", "cashier"), ("import 慰问品", "confirm"),
           _put(ProposedImport, "confirmers", lambda *_: (Confirmer(SECOND_FOR_MONEY),))),
    Mutant("who hands over a gift confirms it", "A1", ("approver_3", "cashier_2"), ("gifts.record_gift", "confirm"), _put(WRITES["gift"], "named", _no)),
    Mutant("approver of a gift signs", "A1", ("visitor_1", "cashier"), ("gifts.record_gift", "confirm"), _put(gift_checks, "check_recorder", _no)),
    Mutant("principal confirms a stand-in", "A12", PEOPLE_OF_POWER, GRANTS, _put(WRITES["grant"], "named", _no)),
    Mutant("no role dated back", "A13", PEOPLE_OF_POWER, GRANTS, _put(accounts, "_dated_back", _no)),
    Mutant("nobody makes a token for another", "A3, A21", ("registrar",), ("own token",), _put(accounts, "create_token", _token_for_anybody)),
    Mutant("duties apart", "A17", ("factotum", "registrar"), ("cases.open_case", "record_check", "pass_review", "approve", "pay", *STEPS), _without_pairs(), NO_DUTIES),
    Mutant("another hand confirms a payment", "A8", ("cashier",), ("pay", "confirm_payment", *STEPS),
           _without_pairs(frozenset((Duty.PAYER, Duty.PAYMENT_CONFIRMER))), (*NO_DUTIES, "ALTER TABLE payment DROP CONSTRAINT ck_payment_two_people")),
    Mutant("method as signed", "A11", ("cashier",), ("pay", *STEPS), _without_rule("method_as_signed"), ("ALTER TABLE payment DROP CONSTRAINT ck_payment_cash",)),
    Mutant("no withdrawal after a payment attempt", "A8", ("registrar",), ("withdraw", *STEPS), _without_rule("never_attempted")),
    Mutant("payers do not cancel", "A9", ("factotum",), ("confirm_return", "cancel_award", *STEPS), _without_rule("payers_stay_out")),
    Mutant("signatures cover the card", "A7", ("registrar", "cashier"), ("payees.set_payee", "pay"), _without_rule("signatures_cover_this")),
    Mutant("relatives stay out", "A14", ("factotum",), STEPS, _put(state_machine, "_person_refusals", _relatives_welcome)),
    Mutant("open cases keep the bar of kinship", "A14", ("admin", "auditor", "factotum"), ("kinship.end", "confirm", *STEPS), _nothing_off, BAR_ENDS),
    Mutant("visitors say so themselves", "A17", ("visitor_1",), ("record_visit", "finish_survey", *STEPS), _both(_without_rule("surveyed_by_two"), _without_rule("survey_still_holds"))),
    Mutant("another reviewer passes again", "A4", ("reviewer",), ("pass_review", *STEPS), _without_rule("another_reviewer_passes")),
    Mutant("what was objected to has changed", "A4", ("cashier_2",), ("pass_review", *STEPS), _without_rule("objected_has_changed")),
    Mutant("survey and check hold for what they saw", "A7", ("registrar", "reviewer"), ("finances.replace_finances", "pass_review"),
           _both(_without_rule("survey_still_holds"), _without_rule("check_still_holds"))),
    Mutant("beneficiary and payee have a number", "A15", ("reviewer",), ("pass_review", *STEPS),
           _both(_without_rule("beneficiary_identified"), _without_rule("payee_identified"))),
    Mutant("another reviewer answers an objection", "A19", ("reviewer",), ("answer_objection", *STEPS), _without_rule("answered_by_another")),
    Mutant("tier of an opening", "A20", ("approver_1", "cashier"), ("fund_allocations.open_to_unit", "confirm"), _put(fund_allocations, "_tier_below", _no)),
    Mutant("tier of a gift", "A1", ("approver_1", "visitor_2"), ("gifts.record_gift", "confirm"), _put(gift_checks, "_tier_for_year", lambda *_: 1)),
    Mutant("tiers of an award", "A5", ("approver_1",), ("approve", *STEPS), _without_rule("final_tier")),
    Mutant("floors of a policy set", "A5", ("admin", "auditor"), ("policies.load_policy", "confirm"), _put(policies, "floor_refusals", _no)),
    Mutant("rules take effect forwards", "A5", ("admin", "auditor"), ("policies.load_policy", "confirm"), _put(policies, "date_refusals", _no)),
    Mutant("calendar of a running notice", "A6", ("admin", "auditor"), ("import calendar-*.csv", "confirm", "days"),
           # Either of the two rules alone refuses it.
           _both(_put(policies, "_refuse_days_of_running_notices", _no), _put(public_notice, "_last_day", lambda _notice, counted: counted))),
)
# fmt: on
