"""Proofs in forms: the field that asks for one, and what a form brings of it."""

from collections.abc import Mapping
from functools import partial
from uuid import UUID

from flask import Response, jsonify, request

from service.actions import proofs, sessions
from service.actions.context import ActionContext
from service.actions.proofs import FIELD, GivenProof, Shown
from service.crypto import passkeys
from service.crypto.encryption import fingerprint
from service.http import auth
from service.http.context import app_state, caller, real_time
from service.http.relying_party import relying_party
from service.http.request_state import request_state
from service.http.transaction import connection
from service.queries import case_pages, credentials
from service.queries.credentials import ProofKind
from service.web.forms import EMPTY, FormInput, PostedForm
from service.web.layout import text
from workflows.canonical_json import canonical_json
from workflows.vocabulary import Plain

ANSWER = "answer"
"""The hidden field that carries what a passkey signed."""


def proof_input(posted: PostedForm = EMPTY) -> FormInput:
    """Return the field of a form that asks the caller for a code, a passkey, or the password."""
    asked = credentials.asked_proof(connection(), caller().account)
    control = f"proof_{asked.kind.value}" + ("_or_passkey" if asked.passkeys and _may_use_passkey(asked.kind) else "")
    problems = tuple(posted.problems.of_fields.get(FIELD, ()))
    return FormInput(FIELD, text(f"proof.{asked.kind.value}"), control, problems=problems)


def shown_case(case_id: UUID, action: str, answers: Mapping[str, object], version: int | None) -> Shown:
    """Return what a person proves with a step of a case: its version, the money, where it goes, and what they typed."""
    signed = case_pages.what_is_signed(connection(), case_id)
    return {"case": str(case_id), "version": version, "action": action, "answers": _sealed(answers), **signed}


def shown_confirmation(confirmation_id: UUID, digest: str) -> Shown:
    """Return what a person proves when they confirm: the proposal, and the digest of the content they read."""
    return {"confirmation": str(confirmation_id), "digest": digest}


def shown_payee(household_id: UUID, version: int | None, body: Mapping[str, object]) -> Shown:
    """Return what a person proves with another account of a family."""
    about: dict[str, Plain] = {"household": str(household_id), "version": version, "action": "set_payee"}
    return {**about, "account": _sealed(body)}


def _sealed(answers: Mapping[str, object]) -> str:
    """Return a keyed fingerprint of what was typed: the event keeps a digest over it, which must not be guessed back."""
    return fingerprint(app_state().keyring, canonical_json(dict(answers)))


def _may_use_passkey(kind: ProofKind) -> bool:
    return kind is ProofKind.TOTP and relying_party() is not None


def proof_label() -> dict[str, str]:
    """Return the label of the field, for problems that name it."""
    return {FIELD: text("proof.label")}


def proved(shown: Shown, context: ActionContext) -> ActionContext:
    """Return the context with the proof that the form brings. Raises HttpProblem 429, Refused (proof_missing, proof_wrong)."""
    auth.check_guesses()
    given = _given()
    return _noted(auth.counting_guesses(lambda: proofs.prove(connection(), shown, given, context)))


def _given() -> GivenProof:
    """Return what the form brings; the answer of a passkey uses the session's challenge up, also where the act is refused."""
    text, answer, state = request.form.get(FIELD, ""), request.form.get(ANSWER, ""), request_state()
    session = state.session
    if session is None or session.challenge is None or not answer:
        return GivenProof(text, answer, relying_party())
    state.kept_writes.append(partial(sessions.use_challenge, session_id=session.id, challenge=session.challenge))
    return GivenProof(text, answer, relying_party(), session.id, session.challenge)


def proved_own_keys(action: str, context: ActionContext) -> ActionContext:
    """Return the context with the caller's proof for a change of what they sign in with. Raises what `proved` raises.

    Raises Refused (second_factor_first) where the password would do for an account that has a second factor.
    """
    auth.check_guesses()
    typed, is_proved = request.form.get(FIELD, ""), session_is_proved()
    prove = partial(proofs.prove_own_keys, connection(), action, typed, context, is_proved=is_proved)
    return _noted(auth.counting_guesses(prove))


def session_is_proved() -> bool:
    """Return whether a second factor was shown in the session of this request."""
    session = request_state().session
    return session is None or session.is_proved


def _noted(context: ActionContext) -> ActionContext:
    """Return the context; note in the session that a second factor was shown, where one was."""
    session = request_state().session
    if session and context.proof and context.proof.kind != ProofKind.PASSWORD.value:
        sessions.note_proof(connection(), session.id, real_time())
    return context


def challenge(shown: Shown) -> Response:
    """Answer a browser with what its passkey must sign for an act."""
    site, asked = relying_party(), credentials.asked_proof(connection(), caller().account)
    session = request_state().session
    if site is None or session is None or not asked.passkeys:
        return jsonify({})
    signed = proofs.begin(connection(), session.id, shown)
    return jsonify(passkeys.request_options(site, signed, asked.passkeys))
