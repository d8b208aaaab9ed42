"""Steps that move money ask, in a browser, for a proof of their own: a code, a passkey over what is shown, or the password."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions.confirmations import propose
from service.actions.fund_receipts import NewReceipt
from service.actions.proposals.money import ReceiptContent
from service.tables.cases import case
from service.tables.credentials import passkey
from service.tables.events import event
from tests.api_client import ApiClient
from tests.lives import Life, case_at
from tests.service.sign_in_fixtures import browser, desk_app, events_of, refusals, said, with_password
from tests.service.test_passkeys import add_passkey
from tests.sign_in_browser import PASSWORD, Browser, one_time_code
from tests.software_passkey import SoftwarePasskey
from workflows.programme import Proof
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Fen

__all__ = ["browser", "desk_app", "with_password"]
WithPassword = Callable[..., str]
PROVED = {
    *("approve", "endorse", "pay", "confirm_payment", "confirm_return", "confirm_recovery", "recall", "write_off")
}


@dataclass
class AtApproval:
    """A case that waits for its approver, at whose page their browser is."""

    browser: Browser
    life: Life
    engine: sa.Engine

    def approve(self, **fields: str) -> Any:
        """Open the page and send its form; return the response."""
        self.browser.get(f"/cases/{self.life.case_id}")
        return self.browser.post(f"/cases/{self.life.case_id}/actions/approve", self.form(**fields))

    def form(self, **fields: str) -> dict[str, str]:
        """Return the fields of the form as its page has them."""
        return {"_version": self.version, **fields}

    @property
    def version(self) -> str:
        """The version that the page shows."""
        return self.browser.page.partition('name="_version" value="')[2].partition('"')[0]

    @property
    def state(self) -> str:
        """The state of the case in the record."""
        with self.engine.connect() as conn:
            return str(conn.scalar(sa.select(case.c.state).where(case.c.id == UUID(self.life.case_id))))

    @property
    def proof(self) -> Any:
        """The proof in the event of the approval."""
        with self.engine.connect() as conn:
            rows = sa.select(event.c.body).where(event.c.subject_id == UUID(self.life.case_id))
            body = conn.scalar(rows.where(event.c.action == "approve"))
        return json.loads(body or "{}").get("proof")


@pytest.fixture
def at_approval(desk_app: Flask, desk: ApiClient, engine: sa.Engine) -> AtApproval:
    """A case at approval, on a day of 2025; the browser shows that day where it is a demo's."""
    life = case_at("approval", desk, engine)
    day = {"X-Songnuan-Date": f"{desk.today}T09:30:00+08:00"}
    return AtApproval(Browser(desk_app.test_client(), headers=day), life, engine)


def test_steps_that_move_money_are_proved() -> None:
    for programme in PROGRAMMES.values():
        proved = {step.action for step in programme.steps if step.proof is Proof.FRESH}
        assert proved == PROVED, programme.key


def test_code_proves_an_approval_and_its_event_says_so(at_approval: AtApproval, with_password: WithPassword) -> None:
    at_approval.browser.sign_in(with_password("approver_1", totp=True))
    assert at_approval.approve(proof=one_time_code(steps=1)).status_code == 303
    assert at_approval.state == "payment"
    assert set(at_approval.proof) == {"kind", "credential", "digest"}
    assert at_approval.proof["kind"] == "totp"


@pytest.mark.parametrize(
    ("typed", "code", "event"),
    [("", "proof_missing", []), ("000000", "proof_wrong", ["sign_in_failed"]), (PASSWORD, "proof_wrong", ["sign_in_failed"])],
)  # fmt: skip
def test_approval_without_the_right_code_is_refused_at_the_field(
    at_approval: AtApproval, desk: ApiClient, with_password: WithPassword, typed: str, code: str, event: list[str]
) -> None:
    at_approval.browser.sign_in(with_password("approver_1", totp=True))
    before = refusals(code)
    assert said(at_approval.approve(proof=typed)) == (409, code)
    assert refusals(code) == before + 1
    assert 'id="approve-proof-problem"' in at_approval.browser.page
    assert at_approval.state == "approval"
    assert events_of(at_approval.engine, desk.office.people["approver_1"]) == ["sign_in", *event]


def test_wrong_proofs_lock_the_account(at_approval: AtApproval, with_password: WithPassword) -> None:
    at_approval.browser.sign_in(with_password("approver_1", totp=True))
    assert [said(at_approval.approve(proof="000000")) for _ in range(5)] == [(409, "proof_wrong")] * 5
    assert said(at_approval.approve(proof=one_time_code(steps=1))) == (409, "proof_wrong")
    assert at_approval.state == "approval"


def test_passkey_signs_what_is_shown_and_nothing_else(
    at_approval: AtApproval, with_password: WithPassword, engine: sa.Engine
) -> None:
    """Why: a page that shows one sum and sends another gets no signature for the other."""
    key, browser, path = SoftwarePasskey(), at_approval.browser, f"/cases/{at_approval.life.case_id}/actions/approve"
    browser.sign_in(with_password("approver_1"))
    assert add_passkey(browser, key).status_code == 303
    browser.get(f"/cases/{at_approval.life.case_id}")
    form = at_approval.form(opinion="同意")
    options = browser.post(f"{path}/challenge", form).get_json()
    answer = key.signed(options)
    before = refusals("proof_wrong")
    assert said(browser.post(path, {**form, "opinion": "同意全额", "answer": answer})) == (409, "proof_wrong")
    assert refusals("proof_wrong") == before + 1
    assert at_approval.state == "approval"
    answer = key.signed(browser.post(f"{path}/challenge", form).get_json())
    assert browser.post(path, {**form, "answer": answer}).status_code == 303
    assert at_approval.state == "payment"
    with engine.connect() as conn:
        key_id = conn.scalar(sa.select(passkey.c.id).where(passkey.c.credential_id == key.credential_id))
    assert at_approval.proof["kind"] == "passkey"
    assert at_approval.proof["credential"] == str(key_id)


def test_signature_of_a_refused_act_is_not_taken_again(
    at_approval: AtApproval, with_password: WithPassword, engine: sa.Engine
) -> None:
    """Why: synchronised passkeys count nothing, so what they sign must be new each time."""
    key, browser, path = SoftwarePasskey(), at_approval.browser, f"/cases/{at_approval.life.case_id}/actions/approve"
    browser.sign_in(with_password("approver_1"))
    add_passkey(browser, key)
    browser.get(f"/cases/{at_approval.life.case_id}")
    form = at_approval.form(opinion="同意")
    first, second = (browser.post(f"{path}/challenge", form).get_json() for _ in range(2))
    assert first["challenge"] != second["challenge"]
    answer, before = key.signed(second), (refusals("stale"), refusals("proof_wrong"))
    with engine.begin() as conn:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        own = case.c.id == UUID(at_approval.life.case_id)
        conn.execute(sa.update(case).where(own).values(version=case.c.version + 1))
    assert said(browser.post(path, {**form, "answer": answer})) == (412, "stale")
    assert said(browser.post(path, {**form, "answer": answer})) == (409, "proof_wrong")
    assert (refusals("stale"), refusals("proof_wrong")) == (before[0] + 1, before[1] + 1)
    assert at_approval.state == "approval"


def test_signature_for_one_sum_is_refused_for_another(
    at_approval: AtApproval, with_password: WithPassword, engine: sa.Engine
) -> None:
    key, browser, path = SoftwarePasskey(), at_approval.browser, f"/cases/{at_approval.life.case_id}/actions/approve"
    browser.sign_in(with_password("approver_1"))
    add_passkey(browser, key)
    browser.get(f"/cases/{at_approval.life.case_id}")
    form = at_approval.form()
    answer = key.signed(browser.post(f"{path}/challenge", form).get_json())
    with engine.begin() as conn:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        own = case.c.id == UUID(at_approval.life.case_id)
        conn.execute(sa.update(case).where(own).values(award_fen=case.c.award_fen + 100_000))
    before = refusals("proof_wrong")
    assert said(browser.post(path, {**form, "answer": answer})) == (409, "proof_wrong")
    assert refusals("proof_wrong") == before + 1


def test_bearer_token_needs_no_proof(at_approval: AtApproval) -> None:
    """Why: a program holds a token that its owner made for it, and has no second factor to show."""
    at_approval.life.act("approver_1", "approve", opinion="同意")
    assert at_approval.proof is None


def test_confirmation_is_proved(
    browser: Browser, desk: ApiClient, engine: sa.Engine, with_password: WithPassword
) -> None:
    with engine.begin() as conn:
        content = ReceiptContent(desk.office.fund_id, NewReceipt(Fen(100), "银收9", desk.today))
        proposal = propose(conn, "receipt", content, desk.office.context(conn, "cashier", desk.today))
    browser.headers = {"X-Songnuan-Date": f"{desk.today}T09:30:00+08:00"}
    browser.sign_in(with_password("approver_3", totp=True))
    page, form = f"/confirmations/{proposal.id}", {"digest": proposal.digest}
    browser.get(page)
    before = refusals("proof_missing")
    assert said(browser.post(f"{page}/confirm", form)) == (409, "proof_missing")
    assert refusals("proof_missing") == before + 1
    assert browser.post(f"{page}/confirm", {**form, "proof": one_time_code(steps=1)}).status_code == 303
