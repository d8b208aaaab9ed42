"""What a proposed policy set would change: each parameter before and after, and who is affected."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from service.queries import policies
from service.tables.cases import case
from service.tables.households import household
from workflows.plain_form import as_plain
from workflows.policy import PolicySet
from workflows.policy_parser import read_policy
from workflows.vocabulary import Plain


def changes(conn: sa.Connection, source: str) -> list[dict[str, Any]]:
    """Return each parameter that differs from the set in force the day before, then the households and open cases affected.

    A parameter has `parameter`, `before` and `after`; without an earlier set, `before` is None.
    """
    new = read_policy(source)
    before = _parameters(policies.set_before(conn, new))
    after = _parameters(new)
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    rows = [{"parameter": name, "before": before.get(name), "after": after.get(name)} for name in names]
    return [*rows, *_affected(conn, new)]


def _parameters(policy: PolicySet | None) -> dict[str, Plain]:
    plain = as_plain(policy)
    return dict(_flat(plain)) if plain is not None else {}


def _flat(plain: Plain, name: str = "") -> Iterator[tuple[str, Plain]]:
    if isinstance(plain, dict):
        for key, value in plain.items():
            yield from _flat(value, f"{name}.{key}" if name else key)
    else:
        yield name, plain


def _affected(conn: sa.Connection, new: PolicySet) -> Iterator[dict[str, Any]]:
    in_region = household.c.division.startswith(new.region, autoescape=True)
    filed = sa.select(sa.func.count()).select_from(household).where(in_region, household.c.exited_on.is_(None))
    opened = sa.select(sa.func.count()).select_from(case).join(household, household.c.id == case.c.household_id)
    yield {"affected": "households", "count": conn.scalar(filed)}
    yield {"affected": "open_cases", "count": conn.scalar(opened.where(in_region, case.c.phase != "ended"))}
