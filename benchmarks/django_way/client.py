"""A client in Django's environment: the Django way in process, or the driver in front of its web server."""

import json
from datetime import date
from typing import Any
from uuid import UUID

from benchmarks import over_http, scenario
from benchmarks.django_way import services, views
from benchmarks.django_way.families import file
from benchmarks.django_way.forms import FORMS
from benchmarks.django_way.models import Account
from benchmarks.protocol import Ready, answer


def ready(*, office: str, server: str, **_url: str) -> Ready[tuple[UUID, UUID]]:
    """A contestant with its families in Django's tables."""
    known = json.loads(office)
    lines = scenario.lines(known["people"], known["fund_id"])
    if server:
        posted = over_http.live(server, known["tokens"], lines)
        return Ready(lambda number: file(known, number), lambda family: posted(str(family[0]), str(family[1])))
    return Ready(lambda number: file(known, number), _in_process(known, lines))


def _in_process(known: dict[str, Any], lines: list[scenario.Line]) -> Any:

    accounts = {who: Account.objects.get(pk=row) for who, row in known["people"].items()}
    days: tuple[date, ...] = (scenario.DAY, scenario.LATER)
    clerks = {(who, day): views.clerk(account, day) for who, account in accounts.items() for day in days}

    def live(family: tuple[UUID, UUID]) -> None:
        clerk = clerks["registrar", scenario.DAY]
        case = services.open_case(family, scenario.ITEM, scenario.REQUESTED_FEN, clerk, scenario.DAY)
        for line in lines:
            form = FORMS[line.action](data=line.answers)
            form.is_valid(raise_exception=True)
            services.take(case.id, line.action, views.read(form), clerks[line.who, line.day], line.day)

    return live


if __name__ == "__main__":
    answer({"django": ready, "posted": ready})
