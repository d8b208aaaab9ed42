"""The contestants that run inside a client's process: each lives one whole life of a family, a commit a step."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from benchmarks import orm_way, scenario, workload
from benchmarks.plain_rules import Clerk
from benchmarks.psycopg_one_statement import OneStatement
from benchmarks.psycopg_two_statements import TwoStatements
from service.actions import cases
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.context import ActionContext
from service.db.engine import make_engine
from service.queries.scope import Caller
from tests.factories import RING, Family, Organisation, instant
from workflows.vocabulary import Fen

Live = Callable[[Family], None]


def callers(url: str, office: Organisation) -> Mapping[tuple[str, date], Caller]:
    """Everybody's grants of the two days, read once: who is calling is known before a step begins, for every contestant."""
    engine = make_engine(url, pool=1)
    with engine.connect() as conn:
        found = {
            (who, day): office.context(conn, who, day).caller
            for who in office.people
            for day in (scenario.DAY, scenario.LATER)
        }
    engine.dispose()
    return found


def take(url: str, office: Organisation) -> Live:
    """The one door, as it is; on one connection, as the hand-written program has: a step is compared, not a pool."""
    line, known, lines = make_engine(url, pool=1).connect(), callers(url, office), workload.lines(office)

    def context(who: str, day: date) -> ActionContext:
        return ActionContext(known[who, day], instant(day), day, RING)

    def live(family: Family) -> None:
        with line.begin():
            opening = CaseApplication(
                "hardship", family.household_id, family.head_id, scenario.ITEM, Fen(scenario.REQUESTED_FEN), {}
            )
            case_id: UUID = open_case(line, opening, context("registrar", scenario.DAY)).case_id
        for each in lines:
            with line.begin():
                cases.take_action(line, case_id, each.action, each.answers, context(each.who, each.day))

    return live


def clerk(caller: Caller) -> Clerk:
    """The caller as the hand-written program knows him."""
    grants = tuple((held.role.value, held.tier, held.unit_path, held.principal) for held in caller.held)
    return Clerk(caller.account, grants, sorted({held.unit_path for held in caller.held}))


def psycopg_two(url: str, office: Organisation, *, desk_of: type[TwoStatements] = TwoStatements) -> Live:
    """One locking SELECT, plain checks in Python, one statement, commit."""
    desk, lines = desk_of(url, RING), workload.lines(office)
    clerks = {key: clerk(caller) for key, caller in callers(url, office).items()}

    def live(family: Family) -> None:
        who, day = clerks["registrar", scenario.DAY], scenario.DAY
        case = desk.open(
            (family.household_id, family.head_id), scenario.ITEM, scenario.REQUESTED_FEN, who, instant(day), day
        )
        for line in lines:
            desk.take(case, line.action, line.answers, clerks[line.who, line.day], instant(line.day), line.day)

    return live


def orm(url: str, office: Organisation) -> Live:
    """Objects, lazily loaded, and a machine for each."""
    engine, lines, ways = make_engine(url, pool=1), workload.lines(office), callers(url, office)
    clerks = {key: clerk(caller) for key, caller in ways.items()}

    def live(family: Family) -> None:
        who, context = clerks["registrar", scenario.DAY], (scenario.ITEM, scenario.REQUESTED_FEN)
        with Session(engine) as session:
            case = orm_way.open_case(session, (family.household_id, family.head_id), context, who, scenario.DAY)
        for line in lines:
            with Session(engine) as session:
                orm_way.take(session, case, line.action, line.answers, clerks[line.who, line.day], line.day)

    return live


CONTESTANTS: Mapping[str, Callable[[str, Organisation], Live]] = {
    "psycopg_one": partial(psycopg_two, desk_of=OneStatement),
    "psycopg_two": psycopg_two,
    "take": take,
    "orm": orm,
}
