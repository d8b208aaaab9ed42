"""The contestants in a client's process, each of which runs whole cases with one commit per step."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from benchmarks import orm_way, scenario, workload
from benchmarks.check_input import Clerk
from benchmarks.psycopg_one_statement import OneStatement
from benchmarks.psycopg_two_statements import TwoStatements
from service.actions import cases
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.context import ActionContext
from service.clock import Clock
from service.db.engine import make_engine
from service.queries.scope import Caller
from tests.factories import RING, Family, Organisation, instant
from workflows.vocabulary import Fen

Live = Callable[[Family], None]


def callers(url: str, organisation: Organisation) -> Mapping[tuple[str, date], Caller]:
    """Return each account's grants on the two days, which every contestant knows before a step begins."""
    engine = make_engine(url, pool=1)
    with engine.connect() as conn:
        grants = {
            (account, day): organisation.context(conn, account, day).caller
            for account in organisation.people
            for day in (scenario.DAY, scenario.LATER)
        }
    engine.dispose()
    return grants


def take(url: str, organisation: Organisation) -> Live:
    """Run cases with `take_action` on one connection, like the hand-written programs."""
    conn, known_callers = make_engine(url, pool=1).connect(), callers(url, organisation)
    steps = workload.scenario_steps(organisation)

    def context(account: str, day: date) -> ActionContext:
        return ActionContext(known_callers[account, day], instant(day), day, RING, clock=Clock.DEMO)

    def live(family: Family) -> None:
        with conn.begin():
            opening = CaseApplication(
                "hardship", family.household_id, family.head_id, scenario.ITEM, Fen(scenario.REQUESTED_FEN), {}
            )
            case_id: UUID = open_case(conn, opening, context("registrar", scenario.DAY)).case_id
        for step in steps:
            with conn.begin():
                cases.take_action(conn, case_id, step.action, step.answers, context(step.account, step.day))

    return live


def clerk(caller: Caller) -> Clerk:
    """Return the caller in the form of the hand-written programs."""
    grants = tuple((held.role.value, held.tier, held.unit_path, held.principal) for held in caller.held)
    return Clerk(caller.account, grants, sorted({held.unit_path for held in caller.held}))


def psycopg_two(url: str, organisation: Organisation, *, program_type: type[TwoStatements] = TwoStatements) -> Live:
    """Run cases with a locking SELECT, checks in Python and one statement per step."""
    program, steps = program_type(url, RING), workload.scenario_steps(organisation)
    clerks = {key: clerk(caller) for key, caller in callers(url, organisation).items()}

    def live(family: Family) -> None:
        registrar, day = clerks["registrar", scenario.DAY], scenario.DAY
        case = program.open(
            (family.household_id, family.head_id), scenario.ITEM, scenario.REQUESTED_FEN, registrar, instant(day), day
        )
        for step in steps:
            program.take(case, step.action, step.answers, clerks[step.account, step.day], instant(step.day), step.day)

    return live


def orm(url: str, organisation: Organisation) -> Live:
    """Run cases with lazily loaded objects and a state machine per step."""
    engine, steps = make_engine(url, pool=1), workload.scenario_steps(organisation)
    clerks = {key: clerk(caller) for key, caller in callers(url, organisation).items()}

    def live(family: Family) -> None:
        registrar, application = clerks["registrar", scenario.DAY], (scenario.ITEM, scenario.REQUESTED_FEN)
        with Session(engine) as session:
            case = orm_way.open_case(
                session, (family.household_id, family.head_id), application, registrar, scenario.DAY
            )
        for step in steps:
            with Session(engine) as session:
                orm_way.take(session, case, step.action, step.answers, clerks[step.account, step.day], step.day)

    return live


CONTESTANTS: Mapping[str, Callable[[str, Organisation], Live]] = {
    "psycopg_one": partial(psycopg_two, program_type=OneStatement),
    "psycopg_two": psycopg_two,
    "take": take,
    "orm": orm,
}
