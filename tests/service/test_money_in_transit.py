"""Money that left a fund is there, or back, only by the bank's advice and a second person (docs/decisions/0028)."""

from collections.abc import Callable
from datetime import date
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.db.columns import new_id
from service.db.engine import constraint_of
from service.integrity.verify import verify
from service.queries.case_loading.load import load_case
from service.tables.funds import fund
from service.tables.ledger import ledger_entry, pot_move
from service.tables.payments import payment, payment_move
from tests.api_client import ApiClient
from tests.lives import NOTICE_OVER, Life, award, case_at, number, pots
from tests.service import own_record
from workflows.payment_states import PAYMENT_MOVES, PaymentState
from workflows.vocabulary import LEGAL_MOVES, Pot

database_url, engine, shared_app = own_record.database_url, own_record.engine, own_record.shared_app

LETTER = {"request": "家庭书面申请 2025-1", "reason": "家庭不再需要"}
RECALL = {"amount": "1500.00", "ground": "paid_in_error", "reason": "重复"}


@pytest.fixture
def life(client: ApiClient, engine: sa.Engine) -> Life:
    """A hardship case that awaits the payment of 1,500 yuan."""
    return case_at("payment", client, engine)


def send(life: Life, **changed: Any) -> str:
    return life.act("cashier", "pay", **{"method": "bank", "voucher": number("V"), **changed})


def failed(life: Life) -> str:
    send(life)
    return life.act("cashier_2", "payment_failed", bank_code="wrong_number", **life.advice())


def test_paid_case_returned_on_one_word_is_refused(life: Life, engine: sa.Engine) -> None:
    """A8: one cashier writes that the bank returned the money, and the registrar withdraws: money is available."""
    life.pay()
    refused = life.desk.act("cashier", life.case_id, "payment_returned", bank_code="other", voucher="T-1")
    assert life.desk.codes(refused) == ["answer_missing"] * 3
    advice = life.advice()
    assert life.act("cashier", "payment_returned", bank_code="other", voucher="T-1", **advice) == "returning"
    assert pots(engine, life.desk)["in_transit_fen"] == 150_000
    assert life.no("cashier", "confirm_return", **advice) == ["incompatible_duty"]
    assert life.no("registrar", "withdraw", reason="x") == ["wrong_state"]
    assert life.no("cashier_2", "confirm_return", **{**advice, "advice_no": "X"}) == ["advice_not_as_stated"]
    assert life.act("cashier_2", "confirm_return", **advice) == "payment"
    assert life.no("registrar", "withdraw", reason="x") == ["payment_attempted"]
    assert pots(engine, life.desk)["available_fen"] == 9_850_000


def test_award_after_an_attempt_is_cancelled_on_paper_by_somebody_who_did_not_pay(life: Life) -> None:
    """A8: what is cancelled after an attempt needs a document, and an approver who neither paid nor confirmed."""
    send(life)
    life.act("approver_3", "payment_failed", bank_code="wrong_number", **life.advice())
    assert life.no("registrar", "withdraw", reason="x") == ["payment_attempted"]
    assert life.no("approver_2", "cancel_award", reason="x") == ["request_missing"]
    assert life.no("approver_3", "cancel_award", **LETTER) == ["incompatible_duty"]
    assert life.act("approver_2", "cancel_award", **LETTER) == "review"


def test_returned_payment_paid_again_in_cash_is_refused(client: ApiClient, engine: sa.Engine) -> None:
    """A9: paid by bank, "returned", paid in cash by one cashier. Neither the method nor the hands are theirs to choose."""
    life = case_at("payment", client, engine)
    failed(life)
    assert life.no("cashier", "pay", method="cash", voucher="V-1") == ["method_not_signed"]
    send(life)
    assert life.no("cashier_2", "confirm_payment", **life.advice()) == ["second_payment_same_people"]
    assert life.act("approver_3", "confirm_payment", **life.advice()) == "receipt"


def test_second_payment_of_an_award_signed_for_cash_is_refused(client: ApiClient, engine: sa.Engine) -> None:
    life = signed_for_cash(client, engine)
    send(life, method="cash")
    life.act("cashier_2", "payment_failed", bank_code="other", **life.advice())
    assert life.no("cashier", "pay", method="cash", voucher=number("V")) == ["second_payment_in_cash"]


def test_recovered_money_granted_again_on_one_word_is_refused(life: Life, engine: sa.Engine) -> None:
    """A10: recalled money is "recovered" by the cashier alone and available for the next grant."""
    life.pay()
    life.act("approver_1", "recall", **RECALL)
    advice = life.advice()
    assert life.act("cashier", "recover", voucher="S-1", **advice) == "rest_stated"
    assert (pots(engine, life.desk)["available_fen"], pots(engine, life.desk)["recovering_fen"]) == (9_850_000, 150_000)
    assert life.no("cashier", "confirm_recovery", **advice) == ["incompatible_duty"]
    assert life.act("cashier_2", "reject_recovery", reason="回单不是这一笔") == "recalling"
    assert life.recover("1500.00") == "recovered"
    assert pots(engine, life.desk)["available_fen"] == 10_000_000


def test_payment_counts_as_aid_until_its_return_is_confirmed(life: Life, engine: sa.Engine) -> None:
    """A10: what was once paid counts for once-a-year rules and prior aid until the return is confirmed."""
    family = {"household_id": str(life.family.household_id), "beneficiary_id": str(life.family.head_id)}
    body = {"programme": "hardship", **family, "item": "MED", "requested": "900.00", "answers": {}}
    other = UUID(life.desk.post("registrar", "/cases", body).get_json()["id"])

    def prior_aid() -> tuple[list[int], list[int]]:
        """Return the fen of other cases as the rules of the second case see them, committed and paid."""
        with engine.connect() as conn:
            caller = life.desk.office.context(conn, "registrar", life.desk.today).caller
            loaded = load_case(conn, other, caller, life.desk.today)
        assert loaded is not None
        assert loaded.facts.finances is not None
        return [each.fen for each in loaded.facts.others], [fen for _, fen, _ in loaded.facts.finances.prior_aid]

    send(life)
    assert prior_aid() == ([150_000], [150_000])
    life.act("cashier_2", "confirm_payment", **life.advice())
    advice = life.advice()
    life.act("cashier", "payment_returned", bank_code="other", voucher="T-1", **advice)
    assert prior_aid() == ([150_000], [150_000])
    life.act("cashier_2", "confirm_return", **advice)
    assert prior_aid() == ([150_000], [])
    life.act("approver_2", "cancel_award", **LETTER)
    assert prior_aid() == ([], [])


def test_cash_in_place_of_the_signed_account_is_refused(life: Life) -> None:
    """A11: the method of payment is part of what the approver signed, and is shown to them."""
    assert life.desk.get("approver_1", f"/cases/{life.case_id}").get_json()["method"] == "bank"
    assert life.no("cashier", "pay", method="cash", voucher="V-1") == ["method_not_signed"]


def signed_for_cash(client: ApiClient, engine: sa.Engine) -> Life:
    """Return a case whose approver signed a payment in cash."""
    life = case_at("review", client, engine)
    form = award(client) | {"method": "cash"}
    assert life.no("reviewer", "pass_review", **form) == ["cash_unexplained"]
    life.act("reviewer", "pass_review", **form, cash_reason="no_account")
    client.today = NOTICE_OVER
    life.act("clock", "end_notice")
    shown = client.get("approver_1", f"/cases/{life.case_id}").get_json()
    assert (shown["method"], shown["cash_reason"]) == ("cash", "no_account")
    life.act("approver_1", "approve")
    return life


def test_cash_is_handed_out_before_a_second_person(client: ApiClient, engine: sa.Engine) -> None:
    """A11: two people at cash; the second one sees the receipt signed, and is not the witness of the later receipt."""
    life = signed_for_cash(client, engine)
    assert life.no("cashier", "pay", method="bank", voucher="V-1") == ["method_not_signed"]
    send(life, method="cash")
    assert life.no("cashier", "confirm_payment", **life.advice()) == ["incompatible_duty"]
    assert life.act("cashier_2", "confirm_payment", **life.advice(advice_no="SJ-0001")) == "receipt"


def test_voucher_number_of_two_payments_is_refused(client: ApiClient, engine: sa.Engine) -> None:
    """A11: a voucher number is used once for a fund line and year, and one advice proves one payment."""
    first = case_at("payment", client, engine)
    send(first, voucher="银付-12号")
    arrived = first.advice(advice_no="鲁汇〔2025〕31号")
    first.act("cashier_2", "confirm_payment", **arrived)
    client.today = date(2025, 9, 1)
    second = case_at("payment", client, engine)
    assert second.no("cashier", "pay", method="bank", voucher=" 银付－１２ 号") == ["voucher_used"]
    send(second, voucher="V-8")
    again = {**arrived, "advice_no": "鲁汇〔２０２５〕 31号"}
    assert second.no("cashier_2", "confirm_payment", **again) == ["advice_used"]


def test_advice_and_voucher_of_a_payment_prove_no_recovery(life: Life) -> None:
    """Regression: each was used once among payments and once among what came back."""
    arrived = life.advice()
    send(life, voucher="银付-12号")
    life.act("cashier_2", "confirm_payment", **arrived)
    life.act("approver_1", "recall", **RECALL)
    assert life.no("cashier", "recover", voucher=number("S"), **arrived) == ["advice_used"]
    assert life.no("cashier", "recover", voucher="银付 - 12 号", **life.advice()) == ["voucher_used"]
    assert life.recover("1500.00") == "recovered"


def test_advice_and_voucher_of_a_return_prove_no_payment(life: Life) -> None:
    """Regression: what the bank said of the return of a payment was taken for the arrival of the next."""
    life.pay()
    back = life.advice()
    life.act("cashier", "payment_returned", bank_code="other", voucher="银退-3号", **back)
    life.act("cashier_2", "confirm_return", **back)
    assert life.no("cashier", "pay", method="bank", voucher="银退-3号") == ["voucher_used"]
    send(life)
    assert life.no("approver_3", "confirm_payment", **back) == ["advice_used"]
    assert life.act("approver_3", "confirm_payment", **life.advice()) == "receipt"


def test_numbers_of_what_was_rejected_are_used_again(life: Life) -> None:
    life.pay()
    wrong = life.advice()
    life.act("cashier", "payment_returned", bank_code="other", voucher="银退-4号", **wrong)
    life.act("cashier_2", "reject_return", reason="回单是另一笔的到账")
    life.act("cashier", "payment_returned", bank_code="other", voucher="银退-4号", **wrong)
    assert life.act("cashier_2", "confirm_return", **wrong) == "payment"


def test_maker_reviewer_or_approver_cannot_confirm_a_payment(life: Life, engine: sa.Engine) -> None:
    send(life)
    assert life.no("approver_1", "confirm_payment", **life.advice()) == ["incompatible_duty"]
    assert life.no("registrar", "confirm_payment", **life.advice()) == ["role_missing"]
    assert life.no("cashier_2", "confirm_payment", **life.advice("1499.99")) == ["advice_sum_differs"]
    assert pots(engine, life.desk)["paid_fen"] == 0


Write = Callable[[sa.Connection, Life], object]


def _refused(engine: sa.Engine, life: Life, write: Write) -> str:
    """Return the name of what the database refuses a write with."""
    with engine.connect() as conn:
        try:
            write(conn, life)
            conn.commit()
        except sa.exc.IntegrityError as error:
            return constraint_of(error)
    return ""


def _entry(conn: sa.Connection, life: Life, source: str, target: str, fen: int = 1) -> None:
    columns = {"source_pot": source, "target_pot": target, "fen": fen, "id": new_id()}
    row = sa.select(ledger_entry).where(ledger_entry.c.case_id == life.case_id).limit(1)
    known = dict(conn.execute(row).mappings().one())
    conn.execute(ledger_entry.insert().values({**known, **columns}))


def test_database_refuses_every_move_that_is_not_in_the_table(life: Life, engine: sa.Engine) -> None:
    """Nothing goes from paid to available: 60 random illegal moves are refused by the key of the table of moves alone."""
    life.pay()
    with engine.connect() as conn:
        known = {tuple(row) for row in conn.execute(sa.select(pot_move))}
        assert known == {(source.value, target.value) for source, target in LEGAL_MOVES}
        assert {tuple(row) for row in conn.execute(sa.select(payment_move))} == {
            (source.value, target.value) for source, target in PAYMENT_MOVES
        }
    illegal = [(source, target) for source in Pot for target in Pot if source != target]
    illegal = [move for move in illegal if (move[0].value, move[1].value) not in known]
    assert (Pot.PAID, Pot.AVAILABLE) in illegal
    dice = Random(15)
    for source, target in [*illegal, *(dice.choice(illegal) for _ in range(60 - len(illegal)))]:
        name = _refused(engine, life, partial(_entry, source=source.value, target=target.value))
        assert name in {"fk_ledger_entry_source_pot_target_pot_pot_move", "ck_fund_no_pot_below_zero"}, (source, target)
    with engine.connect() as conn:
        conn.execute(sa.text("ALTER TABLE fund DROP CONSTRAINT ck_fund_no_pot_below_zero"))
        with pytest.raises(sa.exc.IntegrityError, match="pot_move"):
            _entry(conn, life, "paid", "available", 150_000)
        conn.rollback()


def _update(**columns: Any) -> Write:
    return lambda conn, life: conn.execute(payment.update().where(payment.c.case_id == life.case_id).values(**columns))


def _money_of_another(conn: sa.Connection, life: Life) -> None:
    """An entry that no payment explains."""
    _entry(conn, life, "paid", "in_transit", 100)


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (_money_of_another, "pots_equal_payments"),
        (_update(state="returning"), "pots_equal_payments"),
        (_update(recalled_fen=100, recalled_on=NOTICE_OVER), "pots_equal_payments"),
        (_update(state="sent"), "payment_moves"),
        (_update(state="returned", returned_on=NOTICE_OVER, returned_code="other"), "payment_moves"),
        (_update(advice_no="X-1"), "payment_moves"),
    ],
)
def test_database_keeps_pots_equal_to_payments(life: Life, engine: sa.Engine, write: Write, name: str) -> None:
    life.pay()
    assert _refused(engine, life, write) == name


def test_database_refuses_one_person_as_payer_and_confirmer(life: Life, engine: sa.Engine) -> None:
    send(life)
    one = life.desk.office.people["cashier"]
    write = _update(state="live", advice_no="X-2", advised_on=NOTICE_OVER, confirmed_by=one)
    assert _refused(engine, life, write) == "ck_payment_two_people"


def test_verify_names_a_line_whose_pots_differ_from_its_payments(life: Life, engine: sa.Engine) -> None:
    life.pay()
    with engine.connect() as conn:
        assert [each for each in verify(conn).faults if each.key == str(life.desk.office.fund_id)] == []
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        conn.execute(payment.update().where(payment.c.case_id == life.case_id).values(state=PaymentState.RETURNING))
        found = {(each.code, each.key) for each in verify(conn).faults}
        assert ("payments_differ", str(life.desk.office.fund_id)) in found
        conn.rollback()


def test_verify_names_a_line_whose_counted_sums_were_changed(life: Life, engine: sa.Engine) -> None:
    """Regression: what the database compares the pots with could be exchanged between two lines."""
    life.pay()
    fund_id = life.desk.office.fund_id
    with engine.connect() as conn:
        conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
        more = fund.c.counted_in_transit_fen + 1
        conn.execute(fund.update().where(fund.c.id == fund_id).values(counted_in_transit_fen=more))
        assert ("payments_differ", str(fund_id)) in {(each.code, each.key) for each in verify(conn).faults}
        conn.rollback()
