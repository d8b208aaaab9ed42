"""The forms of the compared decision page: the open ones with their fields, and the reasons against the others."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from benchmarks.check_input import CheckInput, Clerk
from benchmarks.pages_words import choice, field_label, joined, reason, word, yuan
from benchmarks.plain_rules import CHECKS, check_authority
from workflows.form_fields import FormField, Kind
from workflows.programme import Awaited, Step
from workflows.programmes.hardship import HARDSHIP

CONTROLS: Mapping[Kind, str] = {Kind.TEXT: "text", Kind.DATE: "date", Kind.CODE: "radios"}
PROOF_CONTROLS = {"password": "proof_password", "totp": "proof_totp"}


SHOWN_NAMES = 5
"""How many people are named who could take an action."""


def forms(
    check: CheckInput, proof: str, staff: Iterable[tuple[str, Clerk]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the open forms of the caller's actions, and those refused with their reasons and who of `staff` could act."""
    row, available, unavailable = check.row, list[dict[str, Any]](), list[dict[str, Any]]()
    main = None
    for step in HARDSHIP.steps_from(row.state):
        if not _has_role(check, step):
            continue
        codes = _refusals(replace(check, codes=[]), step)
        if codes:
            able = _able(check, step, staff)
            unavailable.append({"label": step.label, "reasons": [reason(code) for code in codes], **able})
            continue
        main = main or (step.action if _is_awaited(check, step) else None)
        available.append(_form(row, step, proof, is_main=step.action == main))
    return available, unavailable


def _has_role(check: CheckInput, step: Step) -> bool:
    roles = {role.value for role in step.roles}
    return any(role in roles and check.row.unit_path.startswith(path) for role, _, path, _ in check.clerk.grants)


def _able(check: CheckInput, step: Step, staff: Iterable[tuple[str, Clerk]]) -> dict[str, str]:
    """Return the names of those who could take a step that the caller may not, by the same checks."""
    others = ((name, replace(check, clerk=clerk, codes=[])) for name, clerk in staff)
    names = [name for name, other in others if _has_role(other, step) and not _refusals(other, step)]
    more = word("case.able_more", number=len(names) - SHOWN_NAMES) if len(names) > SHOWN_NAMES else ""
    return {"able": joined(names[:SHOWN_NAMES]), "able_more": more}


def _refusals(check: CheckInput, step: Step) -> list[str]:
    """Return the codes against a step of this state, before its form is filled in."""
    row = check.row
    if step.action == "resume":
        return [] if row.held_until else ["not_suspended"]
    if step.proof:
        check_authority(check, "approve")
        CHECKS["approve"](check)
        # Whether the minutes are missing is known once the form is filled in.
        codes = [code for code in check.codes if code != "minutes_missing"]
        if step.action == "approve":
            return codes
        return (
            [code for code in codes if code != "higher_tier_needed"] if "higher_tier_needed" in codes else ["last_tier"]
        )
    check.refuse_if("case_suspended", row.held_until is not None and step.action != "suspend")
    check.refuse_if("own_family", check.clerk.account in row.family_staff)
    return check.codes


def _is_awaited(check: CheckInput, step: Step) -> bool:
    upheld = bool(check.row.notice and check.row.notice[4])
    return step.awaited is Awaited.ALWAYS or (step.awaited is Awaited.OBJECTION_UPHELD and upheld)


def _form(row: Any, step: Step, proof: str, *, is_main: bool) -> dict[str, Any]:
    signs = bool(step.proof)
    button = word("case.action_sum", action=step.label, sum=yuan(row.award_fen)) if signs else step.label
    fields = [_field(step.action, each) for each in step.form]
    if signs:
        proof_field = {
            "name": "proof",
            "label": word(f"proof.{proof}"),
            "control": PROOF_CONTROLS.get(proof, "passkey"),
        }
        fields.append({**proof_field, "is_required": True})
    url = f"/cases/{row.id}/actions/{step.action}"
    return {
        "action": step.action,
        "label": step.label,
        "url": url,
        "fields": fields,
        "button": button,
        "is_main": is_main,
    }


def _field(form: str, each: FormField) -> dict[str, Any]:
    options = [(code, choice(each.key, str(code))) for code in each.choices]
    labels = {"label": field_label(form, each.key), "is_required": each.required, "options": options}
    return {"name": each.key, "control": CONTROLS.get(each.kind, "name"), **labels}
