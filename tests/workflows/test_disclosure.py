"""Tests of disclosure: masks, the field table, minors, small cells, personal numbers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.disclosure import (
    FIELDS,
    MASKS,
    Profile,
    Show,
    Unclassified,
    display_of,
    is_id_number,
    looks_personal,
    mask_address,
    mask_birth_date,
    mask_card,
    mask_email,
    mask_id_number,
    mask_name,
    mask_phone,
    shown,
    suppress,
    suppress_row,
)

ID = "11010519491231002X"
NEVER_ON_A_NOTICE = (
    "id_number",
    "phone",
    "card",
    "address",
    "email",
    "birth_date",
    "illness",
    "disability",
    "objector",
)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三丰", "张*丰"),
        ("张三", "张*"),
        ("欧阳锋", "欧阳*"),
        ("欧阳明日", "欧阳*日"),
        ("欧阳", "欧*"),
        ("李王明月", "李**月"),
        ("古丽·买买提", "古****提"),
        ("张", "*"),
        (" 张三 ", "张*"),
        ("", ""),
    ],
)
def test_mask_name_keeps_surname_and_last_character(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("mask", "value", "masked"),
    [
        (mask_id_number, "370123199001011234", "3701**********1234"),
        (mask_id_number, "370123900101123", "3701*******1123"),
        (mask_id_number, "E12345678", "*******78"),
        (mask_id_number, "1", "*"),
        (mask_phone, "13812341234", "138****1234"),
        (mask_phone, "+86 138-1234-1234", "138****1234"),
        (mask_phone, "0631-5212345", "*******2345"),
        (mask_phone, "110", "***"),
        (mask_card, "6222 0212 3456 7890", "****7890"),
        (mask_card, "12345", "****"),
        (mask_address, "山东省威海市乳山市城区街道幸福社区3号楼2单元", "山东省威海市乳山市城区街道***"),
        (mask_address, "乳山市诸往镇东尚山村12号", "乳山市诸往镇***"),
        (mask_address, "乳山市幸福社区3号楼", "乳山市幸福社区***"),
        (mask_address, "乳山市胜利街12号", "乳山市***"),
        (mask_address, "胜利街12号", "***"),
        (mask_address, "12号楼城区街道", "***"),
        (mask_email, "zhang@example.com", "z***@example.com"),
        (mask_email, "@example.com", "***"),
        (mask_email, "zhang", "***"),
        (mask_birth_date, "1980-05-01", "1980年"),
        (mask_birth_date, "五月一日", "***"),
    ],
)
def test_mask_hides_the_identifying_part(mask: object, value: str, masked: str) -> None:
    assert callable(mask)
    assert mask(value) == masked


@pytest.mark.parametrize("field", NEVER_ON_A_NOTICE)
@pytest.mark.parametrize("minor", [False, True])
def test_notice_hides_private_field(field: str, minor: bool) -> None:
    assert shown(field, "3701", Profile.NOTICE, minor=minor) is None


def test_notice_shows_fields_open_to_objection() -> None:
    plain = {field for field in FIELDS if display_of(field, Profile.NOTICE) is Show.PLAIN}
    assert plain == {"name", "workplace", "school", "stage", "category", "item", "amount"}


def test_report_and_log_show_no_personal_field() -> None:
    assert {field for field in FIELDS if display_of(field, Profile.REPORT) is not Show.HIDDEN} == {
        "stage",
        "category",
        "item",
        "amount",
    }
    assert {field for field in FIELDS if display_of(field, Profile.LOG) is not Show.HIDDEN} == {
        "category",
        "item",
        "amount",
    }


def test_numbers_are_masked_even_in_the_case() -> None:
    assert {display_of(field, Profile.CASE) for field in ("id_number", "phone", "card", "address")} == {Show.MASK}
    assert shown("id_number", "370123199001011234", Profile.CASE) == "3701**********1234"
    assert shown("name", "张三丰", Profile.LIST) == "张*丰"
    assert shown("name", "张三丰", Profile.CASE) == "张三丰"


def test_minor_is_shown_one_step_less_than_adult() -> None:
    assert shown("name", "张三丰", Profile.NOTICE, minor=True) == "张*丰"
    assert shown("name", "张三丰", Profile.LIST, minor=True) is None
    assert shown("school", "乳山一中", Profile.NOTICE, minor=True) == "***"
    assert shown("workplace", "乳山一中", Profile.NOTICE, minor=True) is None
    assert shown("name", "张三丰", Profile.CASE, minor=True) == "张三丰"
    assert shown("amount", "600.00", Profile.NOTICE, minor=True) == "600.00"


def test_unclassified_field_is_refused() -> None:
    with pytest.raises(Unclassified):
        shown("shoe_size", "42", Profile.CASE)


def test_field_table_is_complete() -> None:
    assert all(len(row) == len(Profile) for row in FIELDS.values())
    assert {field for field, row in FIELDS.items() if Show.MASK in row} <= set(MASKS)


def test_small_cells_are_suppressed() -> None:
    assert [suppress(count, 3) for count in (0, 1, 2, 3, 4)] == [0, None, None, 3, 4]
    assert suppress_row([9, 2, 5], 3) == (9, None, None)
    assert suppress_row([9, 2, 1, 0], 3) == (9, None, None, 0)
    assert suppress_row([9, 1, 1, 5], 3) == (9, None, None, None)
    assert suppress_row([1, 0], 3) == (None, 0)
    assert suppress_row([5, 0, 4], 3) == (5, 0, 4)


def test_overlapping_small_cells_hide_another_only_while_too_few_families_are_certain() -> None:
    """Three families at least are in the hidden cells when twelve are in the row and nine in the shown cell."""
    assert suppress_row([2, 2, 9], 3, distinct=12) == (None, None, 9)
    assert suppress_row([2, 2, 9], 3, distinct=11) == (None, None, None)


@given(st.lists(st.integers(0, 12), max_size=8), st.integers(1, 6))
def test_total_never_reveals_a_small_cell(counts: list[int], threshold: int) -> None:
    row = suppress_row(counts, threshold)
    hidden = [count for count, cell in zip(counts, row, strict=True) if cell is None]
    assert all(cell is None or cell == count for count, cell in zip(counts, row, strict=True))
    assert not any(cell and cell < threshold for cell in row)
    others = [cell for cell in row if cell]
    assert not hidden or not others or (len(hidden) > 1 and sum(hidden) >= threshold)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"本人{ID}申请", ["id_number"]),
        (f"本人{ID.lower()}", ["id_number"]),
        ("身份证１１０１０５１９４９１２３１００２Ｘ", ["id_number"]),
        ("110105194912310021", []),
        ("11010519491331002X", []),
        ("电话13812341234。", ["phone"]),
        ("+86 138 1234 1234", ["phone"]),
        ("138-1234-1234", ["phone"]),
        ("卡号6222 0212 3456 7890 123", ["card"]),
        ("4111111111111111", ["card"]),
        ("4111111111111112", []),
        ("0000000000000000", []),
        (f"{ID}，13812341234，6222021234567890123", ["id_number", "phone", "card"]),
        ("示例〔2025〕1号，3000.00元，2025-09-29", []),
        ("凭证号20250929000123", []),
        ("", []),
    ],
)
def test_personal_numbers_in_free_text_are_found(text: str, kinds: list[str]) -> None:
    assert looks_personal(text) == kinds


@given(
    st.integers(110000, 659999),
    st.dates(date(1900, 1, 1), date(2025, 12, 31)),
    st.integers(0, 999),
    st.sampled_from("0123456789X"),
)
def test_identity_number_has_one_valid_check_digit(division: int, birth_date: date, serial: int, check: str) -> None:
    start = f"{division}{birth_date:%Y%m%d}{serial:03}"
    valid_digits = [digit for digit in "0123456789X" if is_id_number(start + digit)]
    total = sum(pow(2, 18 - position, 11) * int(digit) for position, digit in enumerate(start, start=1))
    assert valid_digits == ["10X98765432"[total % 11]]
    assert ("id_number" in looks_personal(f"证{start}{check}件")) == (check in valid_digits)


@given(st.sampled_from(sorted(MASKS)), st.text(st.characters(exclude_characters="*"), max_size=30))
def test_mask_of_any_text_hides_part_of_it(field: str, value: str) -> None:
    masked = MASKS[field](value)
    assert masked != value.strip() or not value.strip() or set(masked) <= {"*"}
