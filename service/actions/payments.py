"""Payment records are the rows of a payment, and of what a cashier states of the bank's advice."""

from uuid import UUID

from service.actions.decided_step import DecidedStep
from service.actions.write_batch import WriteBatch
from service.tables.payments import bank_advice, payment
from workflows.code_lists import PaymentMethod
from workflows.payment_states import PaymentState


def write_payment(step: DecidedStep, batch: WriteBatch) -> None:
    """Add the payment as sent, by the method that was signed."""
    update, today = step.update, step.context.today
    by_bank = step.answers["method"] == PaymentMethod.BANK
    row = {
        **step.key(),
        "unit_path": step.loaded.row.unit_path,
        "fund_id": update.fund_id,
        "fen": update.award_fen,
        "method": step.answers["method"],
        "bank_account_id": step.loaded.bank_account if by_bank else None,
        "cash_reason": update.cash_reason,
        "voucher": step.answers["voucher"],
        "voucher_year": today.year,
        "paid_on": today,
        "paid_by": step.context.caller.account,
        "state": PaymentState.SENT.value,
    }
    batch.add(payment, row)


def confirm_payment(step: DecidedStep, batch: WriteBatch) -> None:
    """Note the advice that the money arrived, and who compared it."""
    _change_payment(step, batch, PaymentState.LIVE, **_advice_on_payment(step))


def fail_payment(step: DecidedStep, batch: WriteBatch) -> None:
    """Note the advice that the bank did not pay, and why."""
    returned = {"returned_on": step.context.today, "returned_code": step.answers["bank_code"]}
    _change_payment(step, batch, PaymentState.FAILED, **_advice_on_payment(step), **returned)


def state_return(step: DecidedStep, batch: WriteBatch) -> None:
    """Note that a payment comes back, as the cashier states it."""
    _change_payment(step, batch, PaymentState.RETURNING)
    _state_advice(step, batch, "return", step.answers["bank_code"])


def confirm_return(step: DecidedStep, batch: WriteBatch) -> None:
    """Note that the payment came back."""
    stated = step.loaded.row.advice or {}
    columns = {"returned_on": step.context.today, "returned_code": stated.get("code")}
    _change_payment(step, batch, PaymentState.RETURNED, **columns)
    confirm_advice(step, batch)


def reject_return(step: DecidedStep, batch: WriteBatch) -> None:
    """Note that the payment did not come back."""
    _change_payment(step, batch, PaymentState.LIVE)
    reject_advice(step, batch)


def write_receipt(step: DecidedStep, batch: WriteBatch) -> None:
    """Note the family's receipt."""
    columns = {"receipt_on": step.context.today, "receipt_evidence": step.answers["evidence"]}
    batch.change(payment, {"id": _payment_id(step), **columns})


def recall_payment(step: DecidedStep, batch: WriteBatch) -> None:
    """Note how much of the payment is recalled in all; one that is recalled whole is live no longer."""
    update, today = step.update, step.context.today
    kept = update.outstanding_fen - update.recovering_fen
    recalled = (update.award_fen or 0) - kept
    state = PaymentState.LIVE if kept else PaymentState.RECALLED
    _change_payment(step, batch, state, recalled_fen=recalled, recalled_on=today)


def state_recovery(step: DecidedStep, batch: WriteBatch) -> None:
    """Note that recalled money came back, as the cashier states it."""
    _state_advice(step, batch, "recovery", None)


def confirm_advice(step: DecidedStep, batch: WriteBatch) -> None:
    """Note who confirmed what was stated."""
    _decide_advice(step, batch, "confirmed")


def reject_advice(step: DecidedStep, batch: WriteBatch) -> None:
    """Note who refused what was stated."""
    _decide_advice(step, batch, "rejected")


def _payment_id(step: DecidedStep) -> UUID | None:
    """Return the id of the latest payment; earlier ones failed or came back."""
    payments = step.loaded.row.payments
    return UUID(payments[-1][0]) if payments else None


def _change_payment(step: DecidedStep, batch: WriteBatch, state: PaymentState, **columns: object) -> None:
    batch.change(payment, {"id": _payment_id(step), "state": state.value, **columns})


def _advice_on_payment(step: DecidedStep) -> dict[str, object]:
    given = {name: step.answers[name] for name in ("advice_no", "advised_on")}
    return {**given, "confirmed_by": step.context.caller.account}


def _state_advice(step: DecidedStep, batch: WriteBatch, kind: str, code: object) -> None:
    row = {
        **step.key(),
        "payment_id": _payment_id(step),
        "fund_id": step.update.fund_id,
        "kind": kind,
        "code": code,
        "advice_no": step.answers["advice_no"],
        "advised_on": step.answers["advised_on"],
        "fen": step.answers["amount"],
        "voucher": step.answers["voucher"],
        "voucher_year": step.context.today.year,
        "stated_by": step.context.caller.account,
        "state": "stated",
    }
    batch.add(bank_advice, row)


def _decide_advice(step: DecidedStep, batch: WriteBatch, state: str) -> None:
    stated = step.loaded.row.advice
    decided = {"state": state, "decided_by": step.context.caller.account, "decided_on": step.context.today}
    batch.change(bank_advice, {"id": UUID(stated["id"]) if stated else None, **decided})
