"""The demo run sends every step of every case over HTTP, day by day."""

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

from service.actions import names
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

START_TIMEOUT = 90.0
"""Seconds the web process has to answer."""

OPEN = "open"
"""The step that opens a case; every other step is an action."""


@dataclass(slots=True)
class DemoRun:
    """What the demo did: successful POSTs by case, refusals by code, case ids by application, and steps."""

    posts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    case_ids: dict[str, str] = field(default_factory=dict)
    steps: int = 0


def run_year(setup: DemoSetup, address: str, sheet: Path, processes: Processes, out: Console) -> DemoRun:
    """Take every application of `sheet` through its scenario.

    Raises UnexpectedAnswer when a process does not start or a response is not what the scenario says.
    """
    applications, run = read_applications(sheet), DemoRun()
    schedule = sorted(
        (
            (step.on, index, number, step)
            for index, application in enumerate(applications)
            for number, step in _numbered_steps(application)
        ),
        key=lambda entry: entry[:3],
    )
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with DemoClients(address, setup.tokens) as clients, Progress(*columns, console=out) as bar:
        _wait_until_up(clients, processes)
        out.print(translate("cli.demo.living", cases=len(applications), steps=len(schedule)))
        task = bar.add_task("2025", total=len(schedule))
        for on, index, _, step in schedule:
            bar.update(task, description=on.strftime("%Y-%m-%d"), advance=1)
            _take_step(setup, clients, applications[index], step, run)
        _print_states(clients, applications, run, out)
    return run


def _numbered_steps(application: Application) -> list[tuple[int, ScenarioStep]]:
    """Return the opening of the case and its steps, numbered so that steps of one day stay in order."""
    opening = ScenarioStep(application.opened_on, application.registrar, OPEN)
    return list(enumerate((opening, *steps_of(application))))


def _wait_until_up(clients: DemoClients, processes: Processes) -> None:
    until = time.monotonic() + START_TIMEOUT
    while not clients.is_up():
        ended = processes.ended()
        if ended is not None or time.monotonic() > until:
            raise UnexpectedAnswer(f"{ended or 'web'} did not start; see {processes.logs}")
        time.sleep(0.1)


def _take_step(
    setup: DemoSetup, clients: DemoClients, application: Application, step: ScenarioStep, run: DemoRun
) -> None:
    run.steps += 1
    if step.action == OPEN:
        opened = clients.post(step.login, step.on, "/cases", _case_application(setup, application))
        run.case_ids[application.number] = opened["id"]
    else:
        path = f"/cases/{run.case_ids[application.number]}/actions/{step.action}"
        clients.post(step.login, step.on, path, {"answers": answers_with_ids(setup, step.answers)}, step.refused)
    if step.refused:
        run.refusals[step.refused] += 1
    else:
        run.posts[run.case_ids[application.number]] += 1


def _case_application(setup: DemoSetup, application: Application) -> dict[str, Any]:
    index = blind_index(setup.keyring, "name", names.normal(application.beneficiary))
    rows = (
        sa.select(household.c.id, person.c.id.label("person_id"))
        .join(person, person.c.household_id == household.c.id)
        .where(household.c.file_no == application.file_no, person.c.name_index == index)
    )
    with setup.engine.connect() as conn:
        row = conn.execute(rows).one()
    beneficiary = {"household_id": str(row.id), "beneficiary_id": str(row.person_id)}
    return {
        "programme": application.programme,
        **beneficiary,
        "item": application.item,
        "requested": in_yuan(application.requested),
        "answers": application.answers,
    }


def answers_with_ids(setup: DemoSetup, scenario_answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form with ids in place of logins and fund codes."""
    answers = dict(scenario_answers)
    if "visitors" in answers:
        answers["visitors"] = [str(setup.account_ids[login]) for login in answers["visitors"]]
    if "fund" in answers:
        answers["fund"] = str(_fund_id(setup, answers["fund"]))
    return answers


def _fund_id(setup: DemoSetup, code: str) -> UUID:
    with setup.engine.connect() as conn:
        fund_id: UUID = conn.scalars(sa.select(fund.c.id).where(fund.c.code == code)).one()
    return fund_id


def _print_states(clients: DemoClients, applications: list[Application], run: DemoRun, out: Console) -> None:
    """Print the last state of every case, as its registrar sees it."""
    last_day = date(2025, 12, 31)
    for application in applications:
        case = clients.get(application.registrar, last_day, f"/cases/{run.case_ids[application.number]}")
        title = PROGRAMMES[case["programme"]].title
        values = {"no": case["case_no"], "title": title, "state": case["state_label"], "steps": case["version"]}
        out.print(
            translate(
                "cli.demo.case", **values, award=case["award"] or "—", story=translate(f"cli.story.{application.story}")
            )
        )
