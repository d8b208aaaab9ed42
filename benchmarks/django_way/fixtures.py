"""Create Django's tables, or an organisation: `python -m benchmarks.django_way.fixtures tables | office FEN`."""

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection
from rest_framework.authtoken.models import Token
from uuid_utils.compat import uuid7

from benchmarks.django_way.models import Account, CalendarDay, Entry, Fund, PolicySet, RoleGrant, Unit
from workflows.workdays import read_calendar

SAMPLES = Path(__file__).parents[2] / "samples"
STAFF = (
    "registrar",
    "visitor_1",
    "visitor_2",
    "verifier",
    "reviewer",
    "approver_1",
    "cashier",
    "cashier_2",
    "follower",
    "witness",
    "clock",
)
ROLES = {"visitor_1": "visitor", "visitor_2": "visitor", "approver_1": "approver", "follower": "visitor"}
ROLES |= {"witness": "registrar", "cashier_2": "cashier"}


def create_tables() -> None:
    """Create every table, the policy and the calendar."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE case_no")
    PolicySet.objects.create(source=(SAMPLES / "policy-2025.toml").read_text(), effective_from=date(2025, 1, 1))
    for year in (2025, 2026):
        days = read_calendar((SAMPLES / f"calendar-{year}.csv").read_text()).days
        CalendarDay.objects.bulk_create(CalendarDay(on=on, working=working) for on, working in days.items())


def create_organisation(fen: int) -> dict[str, Any]:
    """Create a unit with its accounts, their tokens and a fund."""
    unit_id = uuid7()
    unit = Unit.objects.create(id=unit_id, name="示例县总工会", path=f"/{unit_id.hex}/")
    people, tokens = {}, {}
    for name in STAFF:
        login = f"{name}.{unit_id.hex[-8:]}"
        account = Account.objects.create(unit=unit, login=login, display_name=name, email=f"{name}@example.org")
        grant = {"role": ROLES.get(name, name), "tier": int(name == "approver_1")}
        RoleGrant.objects.create(
            account=account, unit=unit, from_on=date(2020, 1, 1), until_on=date(2099, 12, 31), **grant
        )
        people[name], tokens[name] = str(account.id), Token.objects.create(user=account).key
    fund_columns = {
        "opens_on": date(2025, 1, 1),
        "expires_on": date(2026, 12, 31),
        "available_fen": fen,
        "outside_fen": -fen,
    }
    fund = Fund.objects.create(
        unit=unit, unit_path=unit.path, permitted_items=["LIV", "MED", "EDU", "HOU"], **fund_columns
    )
    receipt = {"source_pot": "outside", "target_pot": "available", "fen": fen, "on": date(2025, 1, 2)}
    Entry.objects.create(fund=fund, subject_id=fund.id, seq=1, at=datetime.now(UTC), **receipt)
    ids = {"unit_id": str(unit.id), "fund_id": str(fund.id), "policy_id": str(uuid7())}
    return {**ids, "unit_path": unit.path, "people": people, "tokens": tokens}


if __name__ == "__main__":
    if sys.argv[1] == "tables":
        create_tables()
    else:
        print(json.dumps(create_organisation(int(sys.argv[2]))))
