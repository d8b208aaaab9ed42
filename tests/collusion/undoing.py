"""The attempt to undo an import: what honest people brought, or the attackers themselves, is proposed to be taken back."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from service.actions.errors import NotFound
from service.actions.import_undo.propose import propose_undo
from service.imports.proposed_import import import_or_propose
from service.tables.funds import fund
from service.tables.workbook_imports import workbook_import
from tests.collusion.sheets import UNIT
from tests.lives import number
from tests.service.import_fixtures import Cell, workbook
from workflows.vocabulary import InvalidForm, Refused

if TYPE_CHECKING:
    from tests.collusion.knowledge import Knowledge as Walk
    from tests.collusion.union import Union

UNDO = "undo import"


def import_receipt(union: "Union") -> None:
    """Let the cashier import a receipt, which another person confirms, so that there is an import to undo."""
    office, client = union.office, union.client
    with tempfile.TemporaryDirectory() as folder, union.engine.begin() as conn:
        context = office.context(conn, "cashier", client.today)
        code = conn.scalar(sa.select(fund.c.code).where(fund.c.id == office.fund_id))
        row: dict[str, Cell] = {"资金编号": code, "所属单位": UNIT, "年度": 2025, "到账日期": client.today}
        row |= {"到账金额": "700.00", "到账凭证": number("银收"), "登记人": office.login("cashier")}
        outcome = import_or_propose(conn, [workbook(Path(folder) / "到账.xlsx", 到账=[row])], context)
    proposal = outcome.proposal
    assert proposal is not None
    body = {"digest": proposal.digest}
    done = client.post("approver_3", f"/confirmations/{proposal.id}/confirmation", body)
    assert done.get_json()["done"], done.get_json()


def try_undo(walk: "Walk") -> str:
    """Propose to undo any import as the acting attacker, as the page of an import does; return what came of it."""
    with walk.union.engine.connect() as conn:
        context = walk.context(conn)
        imports = list(conn.scalars(sa.select(workbook_import.c.id)))
        if context is None or not imports:
            return "refused"
        try:
            proposal = propose_undo(conn, walk.rng.choice(imports), "导错了文件", context)
        except Refused as refused:
            return ",".join(refused.codes)
        except (InvalidForm, NotFound):
            return "refused"
        conn.commit()
    walk.waits(str(proposal.id), proposal.digest, walk.acting, [])
    return "accepted"
