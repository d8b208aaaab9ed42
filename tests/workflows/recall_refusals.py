"""Refusals of recalling, recovering and writing off money, in both programmes."""

from functools import partial

from tests.workflows.rule_input_builders import rule_input
from workflows.facts import RuleInput
from workflows.programme import Programme
from workflows.vocabulary import Duty, Fen

Line = tuple[str, RuleInput, list[str]]


def recalling(programme: Programme) -> list[Line]:
    """Return refusals of deciding on a recall."""
    at = partial(rule_input, programme=programme)
    return [
        ("recall", at("receipt", "approver"), ["tier_too_low"]),
        ("recall", at("receipt", "approver", answers={"amount": "2000.01"}), ["tier_too_low"]),
        # The tier goes by all recalls of the case together: 1,000 were recalled before.
        ("recall", at("recovered", "approver", answers={"amount": "1000.01"}), ["tier_too_low"]),
        ("recall", at("closed", "approver_2", did=((Duty.PAYER, "approver_2"),)), ["incompatible_duty"]),
        ("recall", at("closed", "approver_2", answers={"amount": "0.00"}), ["nothing_to_move"]),
        ("recall", at("closed", "approver_2", answers={"amount": "3000.01"}), ["over_kept"]),
        ("recall", at("recovered", "approver_2", answers={"amount": "2000.01"}), ["over_kept"]),
        ("recall", at("recovered", "approver_2", outstanding=Fen(0)), ["nothing_kept"]),
        ("recall", at("written_off", "approver_2", outstanding=Fen(0)), ["nothing_kept"]),
    ]


def recovering(programme: Programme) -> list[Line]:
    """Return refusals of recovering and writing off money."""
    back = partial(rule_input, "recalling", programme=programme)
    part = partial(rule_input, "part_stated", programme=programme)
    return [
        ("recover_part", back(answers={"amount": "0.00"}), ["nothing_to_move"]),
        ("recover_part", back(answers={"amount": "3000.00"}), ["over_outstanding"]),
        ("recover_part", back(answers={"advised_on": "2025-10-19"}), ["advice_before_payment"]),
        ("recover_part", back(answers={"advised_on": "2025-12-02"}), ["advice_in_the_future"]),
        ("recover", back(recovering=Fen(0)), ["nothing_to_move"]),
        ("recover", back(answers={"amount": "2999.99"}), ["advice_sum_differs"]),
        ("recover", back(answers={"advised_on": "2025-10-19"}), ["advice_before_payment"]),
        ("recover", back(answers={"advised_on": "2025-12-02"}), ["advice_in_the_future"]),
        ("confirm_recovery", part(answers={"amount": "999.99"}), ["advice_not_as_stated"]),
        ("confirm_recovery", part(answers={"advice_no": "SH-9"}), ["advice_not_as_stated"]),
        ("confirm_recovery", part("cashier"), ["incompatible_duty"]),
        ("confirm_recovery", part(advice=None), ["nothing_stated"]),
        (
            "confirm_recovery",
            part(answers={"advised_on": "2025-10-19"}),
            ["advice_before_payment", "advice_not_as_stated"],
        ),
        (
            "confirm_recovery",
            part(answers={"advised_on": "2025-12-02"}),
            ["advice_in_the_future", "advice_not_as_stated"],
        ),
        ("write_off", back("approver_2", recovering=Fen(0)), ["nothing_to_move"]),
        ("write_off", back("approver"), ["tier_too_low"]),
        ("write_off", back("approver_2", did=((Duty.PAYER, "approver_2"),)), ["incompatible_duty"]),
        ("write_off", back("approver", recovering=Fen(200_000), written_off=Fen(100_000)), ["tier_too_low"]),
    ]
