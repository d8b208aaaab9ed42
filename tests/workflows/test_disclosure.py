"""What is shown where: masks, the table of fields, minors, small cells, and numbers hidden in free words."""

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
    how,
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
def test_names(name: str, masked: str) -> None:
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
def test_masks(mask: object, value: str, masked: str) -> None:
    assert callable(mask)
    assert mask(value) == masked


@pytest.mark.parametrize("field", NEVER_ON_A_NOTICE)
@pytest.mark.parametrize("minor", [False, True])
def test_a_notice_never_shows(field: str, minor: bool) -> None:
    assert shown(field, "3701", Profile.NOTICE, minor=minor) is None


def test_a_notice_shows_what_people_may_object_to() -> None:
    plain = {field for field in FIELDS if how(field, Profile.NOTICE) is Show.PLAIN}
    assert plain == {"name", "workplace", "school", "stage", "category", "item", "amount"}


def test_a_report_and_a_log_name_nobody() -> None:
    assert {field for field in FIELDS if how(field, Profile.REPORT) is not Show.HIDDEN} == {
        "stage",
        "category",
        "item",
        "amount",
    }
    assert {field for field in FIELDS if how(field, Profile.LOG) is not Show.HIDDEN} == {"category", "item", "amount"}


def test_identity_numbers_phones_and_cards_are_masked_even_at_the_desk() -> None:
    assert {how(field, Profile.DESK) for field in ("id_number", "phone", "card", "address")} == {Show.MASK}
    assert shown("id_number", "370123199001011234", Profile.DESK) == "3701**********1234"
    assert shown("name", "张三丰", Profile.LIST) == "张*丰"
    assert shown("name", "张三丰", Profile.DESK) == "张三丰"


def test_minors_are_shown_one_step_less() -> None:
    assert shown("name", "张三丰", Profile.NOTICE, minor=True) == "张*丰"
    assert shown("name", "张三丰", Profile.LIST, minor=True) is None
    assert shown("school", "乳山一中", Profile.NOTICE, minor=True) == "***"
    assert shown("workplace", "乳山一中", Profile.NOTICE, minor=True) is None
    assert shown("name", "张三丰", Profile.DESK, minor=True) == "张三丰"
    assert shown("amount", "600.00", Profile.NOTICE, minor=True) == "600.00"


def test_what_nobody_classified_is_not_shown() -> None:
    with pytest.raises(Unclassified):
        shown("shoe_size", "42", Profile.DESK)


def test_every_masked_field_has_a_mask_and_every_row_a_cell_for_each_occasion() -> None:
    assert all(len(row) == len(Profile) for row in FIELDS.values())
    assert {field for field, row in FIELDS.items() if Show.MASK in row} <= set(MASKS)


def test_small_cells() -> None:
    assert [suppress(count, 3) for count in (0, 1, 2, 3, 4)] == [0, None, None, 3, 4]
    assert suppress_row([9, 2, 5], 3) == (9, None, None)
    assert suppress_row([9, 2, 1, 0], 3) == (9, None, None, 0)
    assert suppress_row([9, 1, 1, 5], 3) == (9, None, None, None)
    assert suppress_row([1, 0], 3) == (None, 0)
    assert suppress_row([5, 0, 4], 3) == (5, 0, 4)


@given(st.lists(st.integers(0, 12), max_size=8), st.integers(1, 6))
def test_a_total_never_gives_a_small_cell_away(counts: list[int], floor: int) -> None:
    kept = suppress_row(counts, floor)
    hidden = [count for count, cell in zip(counts, kept, strict=True) if cell is None]
    assert all(cell is None or cell == count for count, cell in zip(counts, kept, strict=True))
    assert not any(cell and cell < floor for cell in kept)
    others = [cell for cell in kept if cell]
    assert not hidden or not others or (len(hidden) > 1 and sum(hidden) >= floor)


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
def test_numbers_in_free_words(text: str, kinds: list[str]) -> None:
    assert looks_personal(text) == kinds


@given(
    st.integers(110000, 659999),
    st.dates(date(1900, 1, 1), date(2025, 12, 31)),
    st.integers(0, 999),
    st.sampled_from("0123456789X"),
)
def test_one_check_digit_in_eleven_is_right(division: int, born: date, order: int, check: str) -> None:
    start = f"{division}{born:%Y%m%d}{order:03}"
    right = [digit for digit in "0123456789X" if is_id_number(start + digit)]
    total = sum(pow(2, 18 - place, 11) * int(digit) for place, digit in enumerate(start, start=1))
    assert right == ["10X98765432"[total % 11]]
    assert ("id_number" in looks_personal(f"证{start}{check}件")) == (check in right)


@given(st.sampled_from(sorted(MASKS)), st.text(st.characters(exclude_characters="*"), max_size=30))
def test_a_mask_never_fails_and_never_shows_the_whole(field: str, value: str) -> None:
    masked = MASKS[field](value)
    assert masked != value.strip() or not value.strip() or set(masked) <= {"*"}
