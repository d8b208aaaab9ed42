"""A client process of the Django contestants, in process or over HTTP."""

import json
from datetime import date
from typing import Any
from uuid import UUID

from benchmarks import over_http, scenario
from benchmarks.django_way import services, views
from benchmarks.django_way.families import file
from benchmarks.django_way.forms import FORMS
from benchmarks.django_way.models import Account
from benchmarks.protocol import PreparedContestant, answer


def prepare(*, office: str, server: str, **_url: str) -> PreparedContestant[tuple[UUID, UUID]]:
    """Prepare a contestant with families in Django's tables."""
    organisation = json.loads(office)
    steps = scenario.steps(organisation["people"], organisation["fund_id"])
    if server:
        run_case = over_http.live(server, organisation["tokens"], steps)
        return PreparedContestant(
            lambda number: file(organisation, number), lambda family: run_case(str(family[0]), str(family[1]))
        )
    return PreparedContestant(lambda number: file(organisation, number), _in_process(organisation, steps))


def _in_process(organisation: dict[str, Any], steps: list[scenario.ScenarioStep]) -> Any:
    accounts = {name: Account.objects.get(pk=row_id) for name, row_id in organisation["people"].items()}
    days: tuple[date, ...] = (scenario.DAY, scenario.LATER)
    clerks = {(name, day): views.clerk(account, day) for name, account in accounts.items() for day in days}

    def live(family: tuple[UUID, UUID]) -> None:
        clerk = clerks["registrar", scenario.DAY]
        case = services.open_case(family, scenario.ITEM, scenario.REQUESTED_FEN, clerk, scenario.DAY)
        for step in steps:
            form = FORMS[step.action](data=step.answers)
            form.is_valid(raise_exception=True)
            services.take(case.id, step.action, views.read(form), clerks[step.account, step.day], step.day)

    return live


if __name__ == "__main__":
    answer({"django": prepare, "posted": prepare})
