"""The year itself: every case of the spreadsheet, step by step in the order of its days, over HTTP."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.cli.demo.client import DemoClients, UnexpectedAnswer
from service.cli.demo.scenarios import ScenarioStep, steps_of
from service.cli.demo.setup import DemoSetup
from service.cli.output import translate
from service.cli.processes import Processes
from service.crypto.encryption import blind_index
from service.imports.applications import Application, read_applications
from service.tables.funds import fund
from service.tables.households import household
from service.tables.persons import person
from workflows.money_format import in_yuan
from workflows.programmes import PROGRAMMES

START_TIMEOUT = 30.0


@dataclass(slots=True)
class DemoRun:
    """What the demo did: how many POSTs succeeded for each case, and how its story went."""

    posts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    case_ids: dict[str, str] = field(default_factory=dict)
    steps: int = 0


def run_year(stage: DemoSetup, address: str, sheet: Path, running: Processes, out: Console) -> DemoRun:
    """Drive every application of `sheet` to its end; raises people.Unexpected when the service says otherwise."""
    applications, told = read_applications(sheet), DemoRun()
    script = sorted(
        ((act.on, index, number, act) for index, each in enumerate(applications) for number, act in _script(each)),
        key=lambda line: line[:3],
    )
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with DemoClients(address, stage.tokens) as desks, Progress(*columns, console=out) as bar:
        _wait(desks, running)
        out.print(translate("cli.demo.living", cases=len(applications), steps=len(script)))
        task = bar.add_task("2025", total=len(script))
        for on, index, _, act in script:
            bar.update(task, description=on.strftime("%Y-%m-%d"), advance=1)
            _play(stage, desks, applications[index], act, told)
        _tell_states(desks, applications, told, out)
    return told


OPEN = "open"


def _script(each: Application) -> list[tuple[int, ScenarioStep]]:
    """The opening of the case, then its acts, numbered so that a day keeps its order."""
    return list(enumerate((ScenarioStep(each.opened_on, each.registrar, OPEN), *steps_of(each))))


def _wait(desks: DemoClients, running: Processes) -> None:
    until = time.monotonic() + START_TIMEOUT
    while not desks.up():
        ended = running.ended()
        if ended is not None or time.monotonic() > until:
            raise UnexpectedAnswer(f"{ended or 'web'} did not start; see {running.logs}")
        time.sleep(0.1)


def _play(stage: DemoSetup, desks: DemoClients, each: Application, act: ScenarioStep, told: DemoRun) -> None:
    told.steps += 1
    if act.action == OPEN:
        taken = desks.post(act.login, act.on, "/cases", _opening(stage, each))
        told.case_ids[each.number] = taken["id"]
    else:
        path = f"/cases/{told.case_ids[each.number]}/actions/{act.action}"
        taken = desks.post(act.login, act.on, path, {"answers": _answers(stage, act.answers)}, act.refused)
    if act.refused:
        told.refusals[act.refused] += 1
    else:
        told.posts[told.case_ids[each.number]] += 1


def _opening(stage: DemoSetup, each: Application) -> dict[str, Any]:
    index = blind_index(stage.keyring, "name", each.beneficiary)
    rows = (
        sa.select(household.c.id, person.c.id.label("person_id"))
        .join(person, person.c.household_id == household.c.id)
        .where(household.c.file_no == each.file_no, person.c.name_index == index)
    )
    with stage.engine.connect() as conn:
        row = conn.execute(rows).one()
    who = {"household_id": str(row.id), "beneficiary_id": str(row.person_id)}
    return {
        "programme": each.programme,
        **who,
        "item": each.item,
        "requested": in_yuan(each.requested),
        "answers": each.answers,
    }


def _answers(stage: DemoSetup, given: Mapping[str, Any]) -> dict[str, Any]:
    """The form with logins and fund codes made into ids."""
    answers = dict(given)
    if "visitors" in answers:
        answers["visitors"] = [str(stage.people[login]) for login in answers["visitors"]]
    if "fund" in answers:
        answers["fund"] = str(_fund(stage, answers["fund"]))
    return answers


def _fund(stage: DemoSetup, code: str) -> UUID:
    with stage.engine.connect() as conn:
        found: UUID = conn.scalars(sa.select(fund.c.id).where(fund.c.code == code)).one()
    return found


def _tell_states(desks: DemoClients, applications: list[Application], told: DemoRun, out: Console) -> None:
    """Where every case stands in the end, as its registrar sees it."""
    last = date(2025, 12, 31)
    for each in applications:
        case = desks.get(each.registrar, last, f"/cases/{told.case_ids[each.number]}")
        title = PROGRAMMES[case["programme"]].title
        line = {"no": case["case_no"], "title": title, "state": case["state_label"], "steps": case["version"]}
        out.print(
            translate("cli.demo.case", **line, award=case["award"] or "—", story=translate(f"cli.story.{each.story}"))
        )
