"""What people read: every code has words in both languages, and no word waits for a code that is gone."""

import ast
import re
from functools import cache
from string import Formatter

import pytest

from service.actions.errors import BY_CONSTRAINT
from service.http import errors
from service.i18n import reason_messages
from service.i18n.catalogue import LANGUAGES, LOCALE, catalogue
from service.report.figure_definition import PARTS
from tests.architecture.reason_codes import given
from tests.architecture.source import FLOORS, ROOT, listed, name_of, pages, text_of
from workflows.policy_parser import read_policy
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Duty, Role

HTTP = {f"reasons.{code}" for code in (*errors.CODES.values(), "http_error")}
SPLIT = {"report.title.whose", "report.title.what"}
"""Two lines of one title; each language breaks it where it reads well."""
CHOSEN = set(BY_CONSTRAINT.values())


def places(words: str) -> set[str]:
    """The {names} in a catalogue entry."""
    return {name.split(".")[0].split("[")[0] for _, name, _, _ in Formatter().parse(words) if name}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_code_has_words(lang: str) -> None:
    """Why: a clerk who is told "incompatible_duty" has been told nothing."""
    known = catalogue(lang)
    silent = sorted({f"{code.where} {code.code}" for code in given() if not any(key in known for key in code.keys)})
    assert not silent, listed(silent)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_the_database_and_http_refuse_has_words(lang: str) -> None:
    """Why: the rarest refusals are read by the most worried people."""
    wanted = {f"reasons.{code}" for code in CHOSEN} | HTTP
    silent = wanted - catalogue(lang).keys()
    assert not silent, listed(silent)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_words_ask_only_for_values_that_are_given(lang: str) -> None:
    """Why: one {name} too many, and the reader gets the bare code instead of the sentence."""
    known = catalogue(lang)
    short = {
        f"{code.where} {key}: {sorted(places(known[key]) - code.values)}"
        for code in given()
        if code.values is not None
        for key in code.keys[:1]
        if key in known and places(known[key]) - code.values
    }
    assert not short, listed(short)


def test_both_languages_say_the_same_things() -> None:
    """Why: the second language rots first; an entry missing there is found by the reader, not by us."""
    first, second = (catalogue(lang) for lang in LANGUAGES)
    lonely = first.keys() ^ second.keys()
    assert not lonely, listed(lonely)
    uneven = [key for key in first.keys() - SPLIT if places(first[key]) != places(second[key])]
    assert not uneven, listed(uneven)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_entry_is_empty_or_uncertain(lang: str) -> None:
    """Why: an empty msgstr shows as nothing at all; a fuzzy one is a guess that no one has read."""
    assert [key for key, words in catalogue(lang).items() if not words.strip()] == []
    files = sorted((LOCALE / lang / "LC_MESSAGES").glob("*.po"))
    assert [path.name for path in files if "#, fuzzy" in path.read_text(encoding="utf-8")] == []


def test_chinese_is_chinese_and_english_is_english() -> None:
    """Why: an entry copied over and never translated passes every other check. (English may quote a Chinese column.)"""
    chinese, latin = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]")
    copied = [key for key, words in catalogue("en").items() if len(chinese.findall(words)) > len(latin.findall(words))]
    assert not copied, listed(copied)


def test_every_key_the_code_says_exists() -> None:
    """Why: say() raises for a key without words, and it would do so in front of somebody."""
    known = catalogue(LANGUAGES[0])
    said = {
        (page.at(call), key)
        for page in pages(*FLOORS)
        for call in page.calls()
        if name_of(call).endswith("say")
        for key in _texts(call)
    }
    silent = [f"{where} {key}" for where, key in said if key not in known]
    assert not silent, listed(silent)


def _texts(call: ast.Call) -> list[str]:
    """The keys a call of say() may be asked for: its first argument, or either side of a choice."""
    first = call.args[0] if call.args else None
    sides = (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,)
    return [key for key in map(text_of, sides) if key]


def test_no_words_are_left_over() -> None:
    """Why: dead entries are translated, read and argued about as if somebody saw them."""
    used = {key for code in given() for key in code.keys} | {f"reasons.{code}" for code in CHOSEN} | HTTP
    known = catalogue(LANGUAGES[0]).keys() - used - _terms()
    constants, patterns = _spoken()
    left = [key for key in known if not _names(key) & constants and not patterns.fullmatch(key)]
    assert not left, listed(left)


def _names(key: str) -> set[str]:
    """What the source may call an entry: by its key, or by its code alone where a table or a call hands it on."""
    code = key.partition(".")[2].removesuffix(".mend")
    return {key, code}


def _terms() -> set[str]:
    """terms.po holds the words of every value that TERMS_OF turns into words."""
    return {f"terms.{group}.{value}" for group, values in _values().items() for value in values}


def _values() -> dict[str, set[str]]:
    sample = read_policy((ROOT / "samples" / "policy-2025.toml").read_text(encoding="utf-8"))
    states = {state.key for programme in PROGRAMMES.values() for state in programme.states}
    papers = {paper for kinds in sample.papers.values() for paper in kinds}
    exclusions = {*sample.exclusions, *(each for rule in sample.categories for each in rule.barred_by)}
    return {"duty": set(Duty), "role": set(Role), "state": states, "exclusion": exclusions, "paper": papers}


@cache
def _spoken() -> tuple[set[str], re.Pattern[str]]:
    """Every text in the source that could be a key, and every f-string that could make one."""
    constants: set[str] = set()
    patterns = {r"terms\.item\.[A-Z]+", rf"report\.({'|'.join(PARTS)})\.[\w-]+"}
    for page in pages(*FLOORS):
        for node in page.nodes:
            text = text_of(node)
            if text:
                constants.add(text)
            if isinstance(node, ast.JoinedStr) and not _anything(node):
                patterns.add("".join(_pattern(part) for part in node.values))
        patterns |= {_made(call.args[0]) for call in page.calls() if name_of(call) == "Reason.of"}
    return constants, re.compile("|".join(sorted(patterns)))


def _made(code: ast.expr) -> str:
    """`Reason.of(f"{key}_taken")`: the keys such a code may have."""
    parts = code.values if isinstance(code, ast.JoinedStr) else []
    return r"reasons\." + "".join(_pattern(part) for part in parts)


def _anything(node: ast.JoinedStr) -> bool:
    """`reasons.{code}` would excuse every key of its file: those are judged one by one."""
    fixed = "".join(text_of(part) or "" for part in node.values)
    return not re.fullmatch(r"[a-z]+\.[a-z_.]*[a-z_]+[a-z_.]*", fixed)


def _pattern(part: ast.expr) -> str:
    fixed = text_of(part)
    return re.escape(fixed) if fixed is not None else r"[\w.-]+"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_words_of_the_office_are_complete(lang: str) -> None:
    """Why: a sentence with "receipt_witness" in the middle of it is half a sentence."""
    items = {item for programme in PROGRAMMES.values() for item in programme.items}
    wanted = _terms() | {f"terms.item.{item}" for item in items}
    wanted -= {f"terms.duty.{Duty.APPROVER}"}  # a column's word: the row that is written names the tier
    silent = wanted - catalogue(lang).keys()
    assert not silent, listed(silent)
    assert {key.split(".")[1] for key in catalogue(lang) if key.startswith("terms.")} >= set(
        reason_messages.TERMS_OF.values()
    )


def test_every_code_is_asked_for_by_a_test() -> None:
    """Why: a refusal nobody has ever provoked may be one that never comes, or always does."""
    context = {text_of(node) for page in pages("tests") if "/house/" not in page.path for node in page.nodes}
    never = {code.code for code in given()} - context
    assert not never, listed(never)
