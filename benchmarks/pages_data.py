"""The data of the compared pages: cases in approval by the service's own actions, a list by COPY, sessions and words."""

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from benchmarks import scale_fixtures, scale_load, scenario, workload
from benchmarks.scale_cases import TODAY
from service.actions.case_application import CaseApplication
from service.actions.case_opening import open_case
from service.actions.cases import take_action
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.i18n.catalogue import catalogue
from service.queries.awaited_steps import steps_of_anybody
from service.tables.finances import finance_line
from service.web.case_rows import OF_THE_STATE
from tests.factories import Organisation, create_family, instant_of
from tests.page_client import open_session
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Fen

UNITS = 20
"""Grass-roots units of the county whose cases are listed."""

CASES_IN_APPROVAL = 3
"""The measured case, and others whose awards wait on the same fund line."""

AWARD = "2500.00"
"""An award that two signatures approve: the first is given, and the page is that of the second person."""

SIGNED_ON = date(2025, 9, 15)
SHOWN_ON = date(2025, 9, 16)
LISTED_ON = TODAY


@dataclass(frozen=True)
class PageData:
    """The measured case, the approver of its county with their cookie, and the cookie of an approver of another county."""

    case_id: UUID
    county: Organisation
    cookie: str
    stranger: str


def create(engine: sa.Engine, url: str, cases: int) -> PageData:
    """Write a union of two counties, about `cases` cases of the first, the measured ones, and two sessions."""
    with engine.begin() as conn:
        union = scale_fixtures.found(conn, counties=2, below=UNITS)
        county, other = union.counties
    scale_load.fill(url, replace(union, places=union.places[:UNITS]), cases, 0)
    measured = [_case_in_approval(engine, county) for _ in range(CASES_IN_APPROVAL)]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(sa.text("ANALYZE"))
    cookies = [open_session(engine, each, "approver_2", LISTED_ON).token for each in (county, other)]
    return PageData(measured[0], county, *cookies)


def _case_in_approval(engine: sa.Engine, county: Organisation) -> UUID:
    """Lead a new case of a family with income and spending to its first signature."""
    with engine.begin() as conn:
        family, batch = create_family(conn, county, email="family@example.org"), WriteBatch()
        for kind, fen, reimbursed in (("medical", 2_400_000, 900_000), ("education", 600_000, 0)):
            line = {"household_id": family.household_id, "side": "spending", "kind": kind}
            batch.add(finance_line, {"id": new_id(), **line, "fen": fen, "reimbursed_fen": reimbursed})
        instant_of(conn, county, "household", family.household_id, batch)
        requested = Fen(scenario.REQUESTED_FEN)
        application = CaseApplication(
            "hardship", family.household_id, family.head_id, scenario.ITEM, requested, answers={}
        )
        case_id = open_case(conn, application, county.context(conn, "registrar", scenario.DAY)).case_id
    for step in workload.scenario_steps(county):
        if step.action == "approve":
            break
        answers = step.answers | ({"award": AWARD} if step.action == "pass_review" else {})
        _take(engine, county, case_id, step.action, answers, step.account, step.day)
    _take(engine, county, case_id, "endorse", {"opinion": "情况属实，同意上报。"}, "approver_1", SIGNED_ON)
    return case_id


def _take(
    engine: sa.Engine,
    county: Organisation,
    case_id: UUID,
    action: str,
    answers: dict[str, object],
    account: str,
    day: date,
) -> None:
    with engine.begin() as conn:
        take_action(conn, case_id, action, answers, county.context(conn, account, day))


def write_words(path: Path) -> None:
    """Write the JSON file that benchmarks/pages_words.py reads: words, awaited steps, and the roles of each state."""
    roles = {
        key: {
            state.key: list(
                dict.fromkeys(
                    role.value
                    for step in programme.steps_from(state.key)
                    if step.awaited in OF_THE_STATE
                    for role in step.roles
                )
            )
            for state in programme.states
        }
        for key, programme in PROGRAMMES.items()
    }
    kept = {"words": catalogue("zh_CN"), "steps": steps_of_anybody(), "roles": roles}
    path.write_text(json.dumps(kept, ensure_ascii=False))
