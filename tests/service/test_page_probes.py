"""Random requests to pages over random unit trees show exactly what an independent model permits."""

import os
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions.confirmations import propose
from service.actions.fund_receipts import NewReceipt
from service.actions.proposals.money import ReceiptContent
from service.tables.cases import case
from service.tables.households import household
from tests.api_client import serving
from tests.page_client import PageClient, page_refusal
from tests.service.test_scope_probes import SURNAMES, TODAY, ProbeCaller, TreeUnit, build_tree, create_callers
from workflows.vocabulary import Fen

ROLE_MISSING, NOT_FOUND = (403, "role_missing"), (404, "not_found")
PROBES, SEEDS = int(os.environ.get("PAGE_PROBES", "250")), tuple(range(11, 19))
"""Probes by each of so many readers of random rights: 2,000 in all."""


@dataclass
class Probe:
    """A tree of units with callers, and what each page that was opened showed wrongly."""

    app: Flask
    engine: sa.Engine
    tree: list[TreeUnit]
    callers: list[ProbeCaller]
    clients: dict[str, PageClient] = field(default_factory=dict)

    def client(self, caller: ProbeCaller) -> PageClient:
        """Return the client of a caller, with its one session."""
        return self.clients.setdefault(caller.name, PageClient(self.app, self.engine, caller.organisation, TODAY))

    def foreign(self, caller: ProbeCaller, path: str, text: str) -> list[str]:
        """Return what a page shows of units that its reader may not read: ids, numbers, names of families and units."""
        hidden = (each for each in self.tree if not is_covered(caller, each))
        main = text.partition("<main")[2]
        return [mark for unit in hidden for mark in unit.ids.values() if mark in main and mark not in path]


def is_covered(caller: ProbeCaller, unit: TreeUnit) -> bool:
    """Return whether any grant in force covers the unit, that of an administrator too."""
    return any(runs and unit.within(granted) for _, granted, runs in caller.grants)


def add_marks(conn: sa.Connection, tree: list[TreeUnit]) -> None:
    """Add to each unit's ids the numbers and names by which a page would show it, and a proposal."""
    for unit, surname in zip(tree, SURNAMES, strict=True):
        office = unit.organisation
        content = ReceiptContent(office.fund_id, NewReceipt(Fen(100), "银收1", TODAY))
        proposal = propose(conn, "receipt", content, office.context(conn, "cashier", TODAY))
        of_case, of_file = case.c.id == unit.ids["cases"], household.c.id == unit.ids["households"]
        unit.ids |= {
            "confirmations": str(proposal.id),
            "case_no": str(conn.scalar(sa.select(case.c.case_no).where(of_case))),
            "file_no": str(conn.scalar(sa.select(household.c.file_no).where(of_file))),
            "name": surname,
        }


def _cases(probe: Probe, caller: ProbeCaller, _target: TreeUnit, answer: Any) -> bool:
    if not caller.may_read_any():
        return page_refusal(answer) == ROLE_MISSING
    shown = set(re.findall(r'href="/cases/([0-9a-f-]{36})[?"]', answer.get_data(as_text=True)))
    return shown == {each.ids["cases"] for each in probe.tree if caller.may_read(each)}


def _no_cases(_probe: Probe, caller: ProbeCaller, _target: TreeUnit, answer: Any) -> bool:
    if not caller.may_read_any():
        return page_refusal(answer) == ROLE_MISSING
    return answer.status_code == 200 and not re.search(r'href="/cases/[0-9a-f-]{36}[?"]', answer.get_data(as_text=True))


def _case(_probe: Probe, caller: ProbeCaller, target: TreeUnit, answer: Any) -> bool:
    if not caller.may_read_any():
        return page_refusal(answer) == ROLE_MISSING
    if not caller.may_read(target):
        return page_refusal(answer) == NOT_FOUND
    return answer.status_code == 200 and target.ids["case_no"] in answer.get_data(as_text=True)


def _document(_probe: Probe, caller: ProbeCaller, target: TreeUnit, answer: Any) -> bool:
    if not caller.may_read_any():
        return page_refusal(answer) == ROLE_MISSING
    return answer.status_code == 200 if caller.may_read(target) else page_refusal(answer) == NOT_FOUND


def _led_on(_probe: Probe, caller: ProbeCaller, _target: TreeUnit, answer: Any) -> bool:
    return answer.status_code == 303 if caller.may_read_any() else page_refusal(answer) == ROLE_MISSING


def _action(_probe: Probe, caller: ProbeCaller, target: TreeUnit, answer: Any) -> bool:
    acting = any(runs and role not in {"admin", "auditor"} for role, _, runs in caller.grants)
    if not acting:
        return page_refusal(answer) == ROLE_MISSING
    return page_refusal(answer) == ((409, "wrong_state") if caller.may_read(target) else NOT_FOUND)


def _own(_probe: Probe, _caller: ProbeCaller, _target: TreeUnit, answer: Any) -> bool:
    return bool(answer.status_code == 200)


def _confirmation(_probe: Probe, caller: ProbeCaller, target: TreeUnit, answer: Any) -> bool:
    if not any(runs for _, _, runs in caller.grants):
        return page_refusal(answer) == ROLE_MISSING
    if not is_covered(caller, target):
        return page_refusal(answer) == NOT_FOUND
    return page_refusal(answer) not in (ROLE_MISSING, NOT_FOUND) and answer.status_code < 500


Judge = Callable[[Probe, ProbeCaller, TreeUnit, Any], bool]
KINDS: dict[str, tuple[str, str, Judge]] = {
    "cases": ("GET", "/cases", _cases),
    "cases in another state": ("GET", "/cases?state=recalling", _no_cases),
    "case": ("GET", "/cases/{cases}", _case),
    "document": ("GET", "/documents/{documents}", _document),
    "document's page": ("GET", "/documents/{documents}/pages/0", _document),
    "address of a form": ("GET", "/cases/{cases}/actions/pay", _led_on),
    "action": ("POST", "/cases/{cases}/actions/pay", _action),
    "inbox": ("GET", "/inbox", _own),
    "own sessions": ("GET", "/account/sessions", _own),
    "own keys": ("GET", "/account/keys", _own),
    "confirmation": ("GET", "/confirmations/{confirmations}", _confirmation),
    "confirmation refused": ("POST", "/confirmations/{confirmations}/refuse", _confirmation),
}
"""What a caller asks for, of a unit drawn at random, and who judges the answer."""


@pytest.mark.parametrize("seed", SEEDS)
def test_random_page_shows_no_more_than_its_reader_may_read(
    engine: sa.Engine, database_url: str, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    rng, folder = random.Random(seed), tmp_path_factory.mktemp("var")
    with engine.begin() as conn:
        tree = build_tree(conn, rng, folder)
        callers = create_callers(conn, tree, rng)
        add_marks(conn, tree)
    wrong, counts, permitted = [], Counter[str](), 0
    with serving(database_url, folder) as app:
        probe = Probe(app, engine, tree, callers)
        for number in range(PROBES):
            kind, caller, target = rng.choice(list(KINDS)), rng.choice(callers), rng.choice(tree)
            counts[kind] += 1
            permitted += is_covered(caller, target)
            method, address, judge = KINDS[kind]
            path, client = address.format(**target.ids), probe.client(caller)
            answer = client.get(caller.name, path) if method == "GET" else client.post(caller.name, path, {})
            leaked = probe.foreign(caller, path, answer.get_data().decode("utf-8", "replace"))  # a picture is not text
            if leaked or not judge(probe, caller, target, answer):
                grants = [(role, runs) for role, _, runs in caller.grants]
                wrong.append(f"probe {number}: {kind} by {caller.name} {grants}: {page_refusal(answer)} {leaked}")
    assert not wrong, "\n".join(wrong)
    assert set(counts) == set(KINDS)
    assert PROBES // 20 < permitted < PROBES - PROBES // 20, "the probes are neither all inside nor all outside"
