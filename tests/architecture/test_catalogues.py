"""Tests that the message catalogues are complete in both languages and contain no unused entry."""

import ast
import re
from functools import cache
from string import Formatter

import pytest

from service.actions.errors import BY_CONSTRAINT
from service.http import errors
from service.i18n import reason_messages
from service.i18n.catalogue import LANGUAGES, LOCALE, catalogue
from service.i18n.reason_messages import message_for
from service.imports.proposed_import import ALL_WRITES
from service.report.figure_definition import PARTS
from tests.architecture.reason_codes import codes_in_source
from tests.architecture.source import FLOORS, ROOT, listed, name_of, pages, text_of
from tests.architecture.templates import filter_groups, text_keys
from workflows.code_lists import Category, NoticePlace, Relation, StudentStage
from workflows.condolence_codes import Deceased
from workflows.evidence import OF_THE_FAMILY
from workflows.policy_parser import read_policy
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Duty, Reason, Role

HTTP = {f"reasons.{code}" for code in (*errors.CODES.values(), "http_error")}
SPLIT = {"report.title.whose", "report.title.what"}
"""Two lines of one title, which each language breaks at another word."""
CHOSEN = set(BY_CONSTRAINT.values())


def placeholders(words: str) -> set[str]:
    """Return the {names} in a catalogue entry."""
    return {name.split(".")[0].split("[")[0] for _, name, _, _ in Formatter().parse(words) if name}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_reason_code_has_a_message(lang: str) -> None:
    """Why: a bare code such as "incompatible_duty" means nothing to a clerk."""
    known = catalogue(lang)
    silent = sorted(
        {f"{code.position} {code.code}" for code in codes_in_source() if not any(key in known for key in code.keys)}
    )
    assert not silent, listed(silent)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_database_and_http_refusal_has_a_message(lang: str) -> None:
    """Why: rare refusals need an explanation most."""
    wanted = {f"reasons.{code}" for code in CHOSEN} | HTTP
    silent = wanted - catalogue(lang).keys()
    assert not silent, listed(silent)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_message_uses_only_values_of_its_reason(lang: str) -> None:
    """Why: a message with an unknown {name} is replaced by the bare code."""
    known = catalogue(lang)
    short = {
        f"{code.position} {key}: {sorted(placeholders(known[key]) - code.values)}"
        for code in codes_in_source()
        if code.values is not None
        for key in code.keys[:1]
        if key in known and placeholders(known[key]) - code.values
    }
    assert not short, listed(short)


def test_both_languages_have_the_same_entries_and_values() -> None:
    """Why: an entry missing in the second language would first be noticed by a reader."""
    first, second = (catalogue(lang) for lang in LANGUAGES)
    unmatched = first.keys() ^ second.keys()
    assert not unmatched, listed(unmatched)
    uneven = [key for key in first.keys() - SPLIT if placeholders(first[key]) != placeholders(second[key])]
    assert not uneven, listed(uneven)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_catalogue_entry_is_neither_empty_nor_fuzzy(lang: str) -> None:
    """Why: an empty msgstr shows nothing, and a fuzzy one was not reviewed."""
    assert [key for key, words in catalogue(lang).items() if not words.strip()] == []
    files = sorted((LOCALE / lang / "LC_MESSAGES").glob("*.po"))
    assert [path.name for path in files if "#, fuzzy" in path.read_text(encoding="utf-8")] == []


def test_english_entry_is_not_a_copy_of_the_chinese_one() -> None:
    """Why: an entry copied without translation passes every other check. (English may quote a Chinese column.)"""
    chinese, latin = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]")
    copied = [key for key, words in catalogue("en").items() if len(chinese.findall(words)) > len(latin.findall(words))]
    assert not copied, listed(copied)


def test_catalogue_key_in_the_source_exists() -> None:
    """Why: translate() raises MissingTranslation for an unknown key, which a user would see."""
    known = catalogue(LANGUAGES[0])
    keys = {
        (page.at(call), key)
        for page in pages(*FLOORS)
        for call in page.calls()
        if name_of(call).endswith("translate")
        for key in _texts(call)
    }
    silent = [f"{position} {key}" for position, key in keys if key not in known]
    assert not silent, listed(silent)


def _texts(call: ast.Call) -> list[str]:
    """Return the keys in a call's first argument, or in both sides of a conditional one."""
    first = call.args[0] if call.args else None
    sides = (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,)
    return [key for key in map(text_of, sides) if key]


def test_catalogue_entry_is_used_in_the_source() -> None:
    """Why: unused entries cost translation and review."""
    used = {key for code in codes_in_source() for key in code.keys} | {f"reasons.{code}" for code in CHOSEN} | HTTP
    known = catalogue(LANGUAGES[0]).keys() - used - _terms()
    constants, patterns = _keys_in_source()
    on_pages = re.compile("|".join(_keys_on_pages()))
    left = [
        key
        for key in known
        if not _names(key) & constants and not patterns.fullmatch(key) and not on_pages.fullmatch(key)
    ]
    assert not left, listed(left)


def _keys_on_pages() -> set[str]:
    """Return patterns of the keys that templates name, and of those that service/web puts together for `text`."""
    keys, patterns = text_keys()
    built = {
        "".join(_pattern(part) for part in call.args[0].values)
        for page in pages("service/web")
        for call in page.calls()
        if name_of(call) in {"text", "layout.text"} and call.args and isinstance(call.args[0], ast.JoinedStr)
    }
    texts = {*(re.escape(key) for _, key in keys), *patterns, *built}
    return {rf"pages\.{each}" for each in texts} | {rf"terms\.{each}\.[\w.-]+" for each in _groups_on_pages()}


def _groups_on_pages() -> set[str]:
    """Return patterns of the groups of terms whose codes pages show: by `| term("group")`, or as choices of a field."""
    named = {text_of(node) for page in pages("service/web") for node in page.nodes}
    groups = {key.split(".")[1] for key in catalogue(LANGUAGES[0]) if key.startswith("terms.")}
    return {group for _, group in filter_groups()} | (groups & named)


def _names(key: str) -> set[str]:
    """Return the names of an entry in the source: its key, or its code alone in tables and calls."""
    code = key.partition(".")[2].removesuffix(".mend")
    return {key, code}


def _terms() -> set[str]:
    """Return the keys of terms.po that TERMS_OF can look up."""
    return {f"terms.{group}.{value}" for group, values in _values().items() for value in values}


def _values() -> dict[str, set[str]]:
    sample = read_policy((ROOT / "samples" / "policy-2025.toml").read_text(encoding="utf-8"))
    states = {state.key for programme in PROGRAMMES.values() for state in programme.states}
    papers = {paper for kinds in sample.papers.values() for paper in kinds}
    exclusions = {*sample.exclusions, *(each for rule in sample.categories for each in rule.barred_by)}
    values: dict[str, set[str]] = {
        "duty": set(Duty),
        "role": set(Role),
        "category": set(Category),
        "stage": set(StudentStage),
        "kin": set(Deceased),
        "notice_place": set(NoticePlace),
        "act": set(ALL_WRITES),
        "seen": set(OF_THE_FAMILY),
        "relation": set(Relation),
    }
    return {**values, "state": states, "exclusion": exclusions, "paper": papers}


@cache
def _keys_in_source() -> tuple[set[str], re.Pattern[str]]:
    """Return every string in the source that can be a key, and a pattern of every f-string that can build one."""
    constants: set[str] = set()
    patterns = {r"terms\.item\.[A-Z]+", rf"report\.({'|'.join(PARTS)})\.[\w-]+"}
    for page in pages(*FLOORS):
        for node in page.nodes:
            text = text_of(node)
            if text:
                constants.add(text)
            if isinstance(node, ast.JoinedStr) and not _matches_everything(node):
                patterns.add("".join(_pattern(part) for part in node.values))
        patterns |= {_reason_keys(call.args[0]) for call in page.calls() if name_of(call) == "Reason.of"}
    return constants, re.compile("|".join(sorted(patterns)))


def _reason_keys(code: ast.expr) -> str:
    """Return the pattern of the keys of a built code, as in `Reason.of(f"{key}_taken")`."""
    parts = code.values if isinstance(code, ast.JoinedStr) else []
    return r"reasons\." + "".join(_pattern(part) for part in parts)


def _matches_everything(node: ast.JoinedStr) -> bool:
    """Return whether an f-string such as `reasons.{code}` would match every key of its catalogue."""
    fixed = "".join(text_of(part) or "" for part in node.values)
    return not re.fullmatch(r"[a-z]+\.[a-z_.]*[a-z_]+[a-z_.]*", fixed)


def _pattern(part: ast.expr) -> str:
    fixed = text_of(part)
    return re.escape(fixed) if fixed is not None else r"[\w.-]+"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_domain_term_has_a_label_in_both_languages(lang: str) -> None:
    """Why: a message with an identifier such as "receipt_witness" in it is not understood."""
    items = {item for programme in PROGRAMMES.values() for item in programme.items}
    wanted = _terms() | {f"terms.item.{item}" for item in items}
    wanted -= {f"terms.duty.{Duty.APPROVER}"}  # a column name: the written duty names the tier
    silent = wanted - catalogue(lang).keys()
    assert not silent, listed(silent)
    assert {key.split(".")[1] for key in catalogue(lang) if key.startswith("terms.")} >= set(
        reason_messages.TERMS_OF.values()
    )


def test_reason_code_is_mentioned_in_a_test() -> None:
    """Why: a refusal that no test causes may occur never or always."""
    mentioned = {text_of(node) for page in pages("tests") if "/architecture/" not in page.path for node in page.nodes}
    untested = {code.code for code in codes_in_source()} - mentioned
    assert not untested, listed(untested)


def test_count_in_a_message_is_not_written_as_money() -> None:
    """Why: “已享受过生活救助0.01次”: the value had the name of an amount in fen."""
    reason = Reason.of("item_repeated", item="LIV", times=1, param="same_item_per_year", value=1)
    assert message_for(reason, "zh_CN") == "本年度已享受过生活救助1次，政策允许1次。"
