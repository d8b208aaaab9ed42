"""Tests that no reason shows people a code, an id or a word of the interface for programs."""

import re
from collections.abc import Iterable
from uuid import UUID

import pytest

from service.actions.errors import BY_CONSTRAINT
from service.i18n.catalogue import LANGUAGES, catalogue
from service.i18n.reason_messages import MONEY, TERMS_OF, WORDS_OF, message_for
from tests.architecture.source import listed
from tests.architecture.test_catalogues import placeholders
from tests.architecture.test_import_messages import OF_POLICY_FILES, READABLE
from tests.workflows.rule_input_builders import filled
from tests.workflows.test_hardship_steps import LINES
from workflows.code_lists import Institution, PaymentMethod
from workflows.facts import RuleInput
from workflows.programmes.forms import ADVICE
from workflows.programmes.hardship import HARDSHIP
from workflows.state_machine import decide
from workflows.vocabulary import Plain, Reason, Refused

NUMBERS = frozenset(
    {"age", "count", "highest", "pages", "per_head", "pixels", "seconds", "status", "tiers", "times", "value", "wait"}
)
DAYS = frozenset(
    {
        *("as_of", "decided_on", "effective_from", "ends_on", "expected", "latest", "opened_on", "paid_on"),
        *("replied_on", "returned_on", "school_year", "settles_until", "visited_on"),
    }
)
SMALLEST_SUM = 3_000
"""Whole numbers from here on are sums in fen: no count, year or age in a reason is as large."""

AS_WRITTEN = frozenset({"accounts", "case_no", "cases", "division", "file", "other", "people", "policies"})
"""Numbers of accounts in the ledger, of cases, divisions and files; people by name (service/actions/named_reasons.py)."""

OF_PROGRAMS = re.compile(
    r"answer_unknown|field_unknown|field_wrong|parameter_unknown|unknown_action|if_match_.*|idempotency_key_.*|json_unreadable"
    r"|token_.*|too_many_failed_tokens|unsupported_media_type|demo_clock_.*|monitoring_only|not_ready|http_error"
)
"""Reasons that only a program or the operator of the service gets: no page causes them."""

OF_FILES = re.compile(r"policy_.*|calendar_.*|import_.*")
"""Reasons about a file, whose author reads its own words in them."""

OF_OPERATORS = {"passkeys_off", "request_too_large"}
"""Reasons that name the setting an administrator changes."""

INTERFACE = re.compile(
    r"[a-z]+_[a-z_]+|\b(?:UUID|JSON|NULL|None|ETag|POST|true|false|rules|id)\b|Idempotency-Key|[“\"][a-z]+[”\"]|\"[0-9]"
)
VALUES: dict[tuple[str, str], Iterable[str]] = {
    ("advice_not_as_stated", "fields"): [field.key for field in ADVICE],
    ("confirmation_over", "state"): ["confirmed", "refused", "withdrawn", "lapsed"],
    ("upload_over", "state"): ["proposed", "carried_out", "discarded"],
    ("institution_excluded", "kind"): list(Institution),
    ("method_not_signed", "method"): list(PaymentMethod),
    ("method_not_signed", "signed"): list(PaymentMethod),
}


def reasons_of_people(lang: str) -> dict[str, str]:
    """Return the messages that people read on pages, by their code."""
    known = {key.partition(".")[2]: text for key, text in catalogue(lang).items() if key.startswith("reasons.")}
    return {code: text for code, text in known.items() if not OF_PROGRAMS.fullmatch(code)}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_value_in_a_reason_is_translated_or_readable(lang: str) -> None:
    """Why: “发放方式是 bank” and “等待确认：01a225ba-…” mean nothing to a clerk."""
    shown = READABLE | NUMBERS | DAYS | AS_WRITTEN | MONEY | TERMS_OF.keys()
    unclear = [
        f"{code}: {name}"
        for code, text in reasons_of_people(lang).items()
        for name in placeholders(text)
        if name not in (shown | OF_POLICY_FILES if OF_FILES.fullmatch(code) else shown)
        and (code, name) not in WORDS_OF
        and not (code in OF_OPERATORS and name == "setting")
    ]
    assert not unclear, listed(unclear)


@pytest.mark.parametrize(("action", "case"), [(action, case) for action, case, _codes in LINES])
def test_sum_in_a_reason_is_shown_in_yuan(action: str, case: RuleInput) -> None:
    """Why: “回单金额 1,500.00 与应有的 120000 不符” told a clerk fen beside yuan."""
    with pytest.raises(Refused) as refusal:
        decide(HARDSHIP, action, filled(action, case))
    for reason in refusal.value.reasons:
        shown = placeholders(catalogue(LANGUAGES[0])[f"reasons.{reason.code}"])
        large = {key for key in shown if isinstance(value := reason.values.get(key), int) and value >= SMALLEST_SUM}
        assert large <= MONEY, f"{reason.code}: {large - MONEY} are shown as fen"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_reason_has_no_word_of_the_interface_for_programs(lang: str) -> None:
    """Why: “须为 true 或 false” and “in quotes” speak of JSON, which no page shows."""
    unclear = [
        f"{code}: {text}"
        for code, text in reasons_of_people(lang).items()
        if not OF_FILES.fullmatch(code) and INTERFACE.search(re.sub(r"\{.*?\}", "", text))
    ]
    assert not unclear, listed(unclear)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("code", "name"), WORDS_OF)
def test_code_in_a_value_has_words(code: str, name: str, lang: str) -> None:
    """Why: a code without words is shown as it is."""
    words = [catalogue(lang).get(f"{WORDS_OF[code, name]}{value}") for value in VALUES[code, name]]
    assert all(words)
    [value, *_] = VALUES[code, name]
    others = dict.fromkeys(placeholders(catalogue(lang)[f"reasons.{code}"]), "")
    values: dict[str, Plain] = {**others, name: [str(value)] if name == "fields" else str(value)}
    assert str(words[0]) in message_for(Reason(code, values), lang)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("constraint", "code"), BY_CONSTRAINT.items())
def test_refusal_of_the_database_is_a_sentence(constraint: str, code: str, lang: str) -> None:
    """Why: the database knows no values, and a message without them was the bare code."""
    assert message_for(Reason.of(code, constraint=constraint), lang) not in {code, ""}


def test_waiting_visitors_and_missing_values_are_never_ids_or_none() -> None:
    """Why: an id of an account was shown, and an empty list of accounts was “None”."""
    [waiting] = [str(UUID(int=1))]
    reason = Reason.of("visit_unconfirmed", accounts=[waiting], people=["示例甲", "示例乙"], value=2)
    assert message_for(reason, "zh_CN").endswith("等待确认：示例甲、示例乙。")
    assert "None" not in message_for(Reason.of("account_not_of_gifts", field="x", accounts=None), "zh_CN")


@pytest.mark.parametrize(("lang", "cancel"), [("zh_CN", "撤销批准"), ("en", "cancel the award")])
def test_void_signatures_say_what_leads_out_of_each_state(lang: str, cancel: str) -> None:
    """Why: from 待发放 nothing returns to review; only 撤销批准 leads back."""
    assert cancel in message_for(Reason.of("signatures_void", tiers=[1]), lang)


@pytest.mark.parametrize(("lang", "kept", "lost"), [("zh_CN", "还在", "刷新"), ("en", "is kept", "reload")])
def test_stale_form_is_told_to_be_sent_again(lang: str, kept: str, lost: str) -> None:
    """Why: a reload loses what was typed."""
    text = message_for(Reason.of("stale", seen=1, present=2), lang)
    assert kept in text
    assert lost not in text
