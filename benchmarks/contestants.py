"""The contestants that run inside a client's process: each lives one whole life of a family, a commit a step."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from benchmarks import life, orm_way, script
from benchmarks.plain_rules import Clerk
from benchmarks.psycopg_one import OneDesk
from benchmarks.psycopg_two import Desk
from service.actions import cases
from service.actions.case_opening import open_case
from service.actions.case_rows import Opening
from service.actions.trail import Asked
from service.db import engine as make_engine
from service.queries.scope import Caller
from tests.office import RING, Family, Office, instant
from workflows.terms import Fen

Live = Callable[[Family], None]


def callers(url: str, office: Office) -> Mapping[tuple[str, date], Caller]:
    """Everybody's grants of the two days, read once: who is calling is known before a step begins, for every contestant."""
    engine = make_engine(url, pool=1)
    with engine.connect() as tx:
        found = {
            (who, day): office.asked(tx, who, day).caller for who in office.people for day in (script.DAY, script.LATER)
        }
    engine.dispose()
    return found


def take(url: str, office: Office) -> Live:
    """The one door, as it is; on one connection, as the hand-written program has: a step is compared, not a pool."""
    line, known, lines = make_engine(url, pool=1).connect(), callers(url, office), life.lines(office)

    def asked(who: str, day: date) -> Asked:
        return Asked(known[who, day], instant(day), day, RING)

    def live(family: Family) -> None:
        with line.begin():
            opening = Opening("hardship", family.household_id, family.head_id, script.ITEM, Fen(script.ASKED_FEN), {})
            case_id: UUID = open_case(line, opening, asked("registrar", script.DAY)).case_id
        for each in lines:
            with line.begin():
                cases.take(line, case_id, each.action, each.answers, asked(each.who, each.day))

    return live


def clerk(caller: Caller) -> Clerk:
    """The caller as the hand-written program knows him."""
    grants = tuple((held.role.value, held.tier, held.unit_path, held.principal) for held in caller.held)
    return Clerk(caller.account, grants, sorted({held.unit_path for held in caller.held}))


def psycopg_two(url: str, office: Office, *, desk_of: type[Desk] = Desk) -> Live:
    """One locking SELECT, plain checks in Python, one statement, commit."""
    desk, lines = desk_of(url, RING), life.lines(office)
    clerks = {key: clerk(caller) for key, caller in callers(url, office).items()}

    def live(family: Family) -> None:
        who, day = clerks["registrar", script.DAY], script.DAY
        case = desk.open((family.household_id, family.head_id), script.ITEM, script.ASKED_FEN, who, instant(day), day)
        for line in lines:
            desk.take(case, line.action, line.answers, clerks[line.who, line.day], instant(line.day), line.day)

    return live


def orm(url: str, office: Office) -> Live:
    """Objects, lazily loaded, and a machine for each."""
    engine, lines, ways = make_engine(url, pool=1), life.lines(office), callers(url, office)
    clerks = {key: clerk(caller) for key, caller in ways.items()}

    def live(family: Family) -> None:
        who, asked = clerks["registrar", script.DAY], (script.ITEM, script.ASKED_FEN)
        with Session(engine) as session:
            case = orm_way.open_case(session, (family.household_id, family.head_id), asked, who, script.DAY)
        for line in lines:
            with Session(engine) as session:
                orm_way.take(session, case, line.action, line.answers, clerks[line.who, line.day], line.day)

    return live


CONTESTANTS: Mapping[str, Callable[[str, Office], Live]] = {
    "psycopg_one": partial(psycopg_two, desk_of=OneDesk),
    "psycopg_two": psycopg_two,
    "take": take,
    "orm": orm,
}
