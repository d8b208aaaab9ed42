"""The table of powers: which writes need a second person, and whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from workflows.vocabulary import Role


class Touches(StrEnum):
    """What a write can change that a person could gain by."""

    MONEY = "money"
    POWER = "power"
    RULES = "rules"
    EVIDENCE = "evidence"


ANYBODY: tuple[Role, ...] = tuple(Role)
CASEWORKERS = (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.REVIEWER, Role.APPROVER, Role.CASHIER)
OUTSIDE_ADMINISTRATION = (Role.APPROVER, Role.AUDITOR)
SECOND_FOR_POWER = (Role.ADMIN, Role.APPROVER)
SECOND_FOR_MONEY = (Role.CASHIER, Role.APPROVER)
OTHER_CASEWORKERS = (Role.VERIFIER, Role.REVIEWER, Role.APPROVER)
RECORDERS = (Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER)
IMPORTERS = (Role.ADMIN, Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER)
UNDOERS = (Role.ADMIN, Role.REGISTRAR, Role.CASHIER, Role.APPROVER)
PAPER_KEEPERS = (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.CASHIER)


SECOND_FACTOR = frozenset({Role.REVIEWER, Role.APPROVER, Role.CASHIER, Role.AUDITOR, Role.ADMIN})
"""Roles that a browser may use only once the account has a second factor (docs/security.md)."""


@dataclass(frozen=True, slots=True)
class Power:
    """One kind of write outside cases, by the subject and the action of its event.

    `confirms` is empty where one person suffices; then `alone` says why.
    """

    subject: str
    action: str
    touches: tuple[Touches, ...]
    proposes: tuple[Role, ...]
    confirms: tuple[Role, ...] = ()
    alone: str = ""
    """A key of the catalogue: why one person suffices."""

    only_money: bool = False
    """A second person is needed where the write moves money, and not for goods."""


_M, _P, _R, _E = (Touches.MONEY,), (Touches.POWER,), (Touches.RULES,), (Touches.EVIDENCE,)

# fmt: off
_TABLE = (
    #     subject      action                  touches  proposes                          confirms                alone
    # money
    Power("fund",      "receive",              _M, (Role.CASHIER,),                       SECOND_FOR_MONEY),
    Power("fund",      "void_receipt",         _M, SECOND_FOR_MONEY,                      SECOND_FOR_MONEY),
    Power("fund",      "correct_receipt",      _M, SECOND_FOR_MONEY,                      SECOND_FOR_MONEY),
    Power("fund",      "open_line",            _M, (Role.CASHIER,),                       (Role.APPROVER,)),
    Power("fund",      "open_to_unit",         _M, (Role.APPROVER,),                      SECOND_FOR_MONEY),
    Power("fund",      "close_allocation",     _M, (Role.APPROVER,),                      alone="takes_away"),
    Power("gift",      "record_gift",          _M, RECORDERS,                             SECOND_FOR_MONEY, only_money=True),
    Power("gift",      "void_gift",            _M, RECORDERS,                             SECOND_FOR_MONEY, only_money=True),
    # power
    Power("unit",      "found",                _P, ANYBODY,                               alone="founding"),
    Power("account",   "found",                _P, ANYBODY,                               alone="founding"),
    Power("unit",      "close_founding",       _P, ANYBODY,                               ANYBODY),
    Power("unit",      "add_unit",             _P, (Role.ADMIN,),                         alone="opens_nothing"),
    Power("unit",      "rename",               _P, (Role.ADMIN,),                         alone="opens_nothing"),
    Power("account",   "add_account",          _P, (Role.ADMIN,),                         SECOND_FOR_POWER),
    Power("account",   "invite",               _P, (Role.ADMIN,),                         SECOND_FOR_POWER),
    Power("account",   "accept_invitation",    _P, ANYBODY,                               alone="own_key"),
    Power("account",   "grant_role",           _P, ANYBODY,                               SECOND_FOR_POWER),
    Power("account",   "revoke",               _P, (Role.ADMIN,),                         alone="takes_away"),
    Power("account",   "make_token",           _P, ANYBODY,                               alone="own_key"),
    Power("account",   "revoke_token",         _P, ANYBODY,                               alone="takes_away"),
    *(
        Power("account", action,               _P, ANYBODY,                               alone="own_key")
        for action in ("set_password", "set_up_with_password", "set_totp", "make_recovery_codes", "add_passkey", "remove_passkey",
                       "link_provider", "unlink_provider")
    ),
    *(
        Power("account", action,               (), ANYBODY,                               alone="own_key")
        for action in ("sign_in", "sign_in_failed", "sign_out", "end_session")
    ),
    Power("account",   "end_account",          _P, (Role.ADMIN,),                         alone="takes_away"),
    Power("household", "declare_kinship",      _P, ANYBODY,                               alone="counts_once_confirmed"),
    Power("household", "confirm_kinship",      _P, ANYBODY,                               alone="is_the_second_word"),
    Power("household", "end_kinship",          _P, (Role.ADMIN,),                         (Role.REVIEWER, Role.APPROVER, Role.AUDITOR)),
    # rules
    Power("policy",    "load_policy",          _R, (Role.ADMIN,),                         OUTSIDE_ADMINISTRATION),
    Power("policy",    "withdraw_policy",      _R, (Role.ADMIN,),                         OUTSIDE_ADMINISTRATION),
    Power("policy",    "load_calendar",        _R, (Role.ADMIN,),                         OUTSIDE_ADMINISTRATION),
    # evidence and figures
    Power("document",  "add_document",         _E, PAPER_KEEPERS,                         alone="seen_by_others"),
    Power("document",  "supersede_document",   _E, PAPER_KEEPERS,                         alone="seen_by_others"),
    Power("document",  "end_document",         _E, PAPER_KEEPERS,                         alone="takes_away"),
    Power("visit",     "record_visit",         _E, (Role.VISITOR, Role.REGISTRAR),        alone="moves_no_money"),
    Power("visit",     "void_visit",           _E, (Role.VISITOR, Role.REGISTRAR),        CASEWORKERS),
    Power("donation",  "record_donation",      _E, (Role.REGISTRAR, Role.CASHIER),        alone="moves_no_money"),
    Power("donation",  "void_donation",        _E, (Role.REGISTRAR, Role.CASHIER),        CASEWORKERS),
    Power("activity",  "record_activity",      _E, (Role.REGISTRAR, Role.CASHIER),        alone="moves_no_money"),
    Power("activity",  "void_activity",        _E, (Role.REGISTRAR, Role.CASHIER),        CASEWORKERS),
    Power("household", "pair",                 _E, (Role.REGISTRAR,),                     alone="moves_no_money"),
    Power("household", "void_pairing",         _E, (Role.REGISTRAR,),                     CASEWORKERS),
    Power("household", "give_consent",         _E, (Role.REGISTRAR, Role.VISITOR),        alone="seen_by_others"),
    Power("household", "explain_number",       _E, (Role.REGISTRAR,),                     OTHER_CASEWORKERS),
    Power("household", "set_payee",            _M, (Role.REGISTRAR,),                     alone="signed_by_approver"),
    Power("household", "end_file",             _E, (Role.REGISTRAR,),                     alone="takes_away"),
    *(
        Power("household", action,             _E, (Role.REGISTRAR,),                     alone="seen_by_others")
        for action in ("file_household", "edit_household", "add_person", "edit_person", "deactivate_person", "replace_finances",
                       "change_head", "file_again", "move_file", "transfer_member", "receive_member")
    ),
    *(
        Power("person", action,                _E, (Role.REGISTRAR,),                     alone="seen_by_others")
        for action in ("add_person", "edit_person", "deactivate_person", "change_head", "file_again", "transfer_member",
                       "receive_member")
    ),
    Power("import",    "carry_out",            (), IMPORTERS,                             alone="each_row_has_its_own"),
    Power("import",    "undo",                 (Touches.MONEY, Touches.EVIDENCE), UNDOERS, SECOND_FOR_MONEY),
    # what follows from another write, and what changes nothing
    Power("household", "decide_category",      (), (Role.APPROVER,),                      alone="follows_a_decision"),
    Power("household", "undo_category",        (), (Role.APPROVER, Role.REVIEWER),        alone="follows_a_decision"),
    *(
        Power("confirmation", action,          (), ANYBODY,                               alone="waits_only")
        for action in ("propose", "confirm", "refuse", "withdraw", "lapse")
    ),
    Power("person",    "reveal",               (), (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.CASHIER), alone="reads_only"),
    Power("document",  "open_document",        (), tuple(role for role in Role if role is not Role.ADMIN), alone="reads_only"),
    Power("person",    "match_number",         (), ANYBODY,                               alone="reads_only"),
    Power("account",   "match_number",         (), ANYBODY,                               alone="reads_only"),
    Power("account",   "search",               (), tuple(role for role in Role if role is not Role.ADMIN), alone="reads_only"),
    Power("account",   "export",               (), tuple(role for role in Role if role is not Role.ADMIN), alone="reads_only"),
    Power("account",   "make_bundle",          (), (Role.AUDITOR,),                       alone="reads_only"),
    Power("account",   "resend_notification",  (), (Role.REGISTRAR, Role.ADMIN),          alone="reads_only"),
    Power("account",   "remind",               (), (Role.CLOCK,),                         alone="reads_only"),
    Power("account",   "anchor",               (), (Role.CLOCK, Role.AUDITOR),            alone="reads_only"),
)
# fmt: on

POWERS: Mapping[tuple[str, str], Power] = {(power.subject, power.action): power for power in _TABLE}
"""Every kind of write outside cases by the subject and action of its event; case steps are in the programmes' tables."""


def second_needed(subject: str, action: str, *, moves_money: bool) -> bool:
    """Return whether an event of this kind needs a second person (docs/powers.md)."""
    power = POWERS.get((subject, action))
    return power is not None and bool(power.confirms) and (moves_money or not power.only_money)
