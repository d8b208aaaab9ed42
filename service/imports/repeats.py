"""Rows of set-up sheets that are on record already: units, accounts, grants, fund lines, allocations, kinship."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.accounts import NewAccount, NewGrant
from service.actions.fund_allocations import NewFundAllocation
from service.actions.funds import NewFund
from service.tables.accounts import account, role_grant
from service.tables.fund_allocations import fund_allocation
from service.tables.funds import fund
from service.tables.kinship import kinship
from service.tables.units import unit
from workflows.vocabulary import Reason, Refused


def refuse_same_unit(conn: sa.Connection, parent_id: UUID, name: str, kind: str, division: str) -> None:
    """Raise Refused (listed_already) when the same unit is below the same parent."""
    _refuse_same(conn, unit, {"parent_id": parent_id, "name": name.strip(), "kind": kind, "division": division})


def refuse_same_account(conn: sa.Connection, new: NewAccount) -> None:
    """Raise Refused (listed_already) when the login belongs to this person of this unit."""
    columns = {"login": new.login, "display_name": new.display_name.strip(), "unit_id": new.unit_id, "email": new.email}
    _refuse_same(conn, account, columns)


def refuse_same_grant(conn: sa.Connection, new: NewGrant) -> None:
    """Raise Refused (listed_already) when the account has, or had, this grant for this period."""
    names = ("account_id", "unit_id", "tier", "for_account_id", "from_on", "until_on")
    _refuse_same(conn, role_grant, {"role": new.role.value, **{name: getattr(new, name) for name in names}})


def refuse_same_fund(conn: sa.Connection, new: NewFund) -> None:
    """Raise Refused (listed_already) when the unit has this fund line with the same content."""
    names = ("unit_id", "code", "title", "source", "year", "document", "opens_on", "expires_on")
    lists = {"permitted_items": list(dict.fromkeys(new.items)), "categories": list(dict.fromkeys(new.categories))}
    _refuse_same(conn, fund, {name: getattr(new, name) for name in names} | lists)


def refuse_same_allocation(conn: sa.Connection, new: NewFundAllocation) -> None:
    """Raise Refused (listed_already) when this allocation was made already."""
    names = ("fund_id", "unit_id", "from_on", "until_on", "document", "with_below")
    _refuse_same(conn, fund_allocation, {name: getattr(new, name) for name in names} | {"ceiling_fen": new.ceiling})


def refuse_same_kinship(conn: sa.Connection, household_id: UUID, account_id: UUID, relation: str) -> None:
    """Raise Refused (listed_already) when this kinship was declared and has not ended."""
    _refuse_same(
        conn, kinship, {"household_id": household_id, "account_id": account_id, "relation": relation, "ended_on": None}
    )


def _refuse_same(conn: sa.Connection, table: sa.Table, columns: Mapping[str, Any]) -> None:
    same = (table.c[name].is_not_distinct_from(value) for name, value in columns.items())
    if conn.scalar(sa.select(table.c.id).where(*same).limit(1)) is not None:
        raise Refused(Reason.of("listed_already"))
