"""Names have the readings of surnames and of characters with several readings."""

import pytest

from service.crypto.search_keys import SearchedBy, keys_of_person, keys_of_text, plain_pinyin
from service.db.columns import new_id
from service.i18n.name_readings import READINGS_OF_NAME, readings
from tests.factories import RING


@pytest.mark.parametrize(
    ("name", "syllables"),
    [
        ("单芳", "shan fang"),
        ("单芳", "dan fang"),
        ("曾国藩", "zeng guo fan"),
        ("曾国藩", "ceng guo fan"),
        ("解晓东", "xie xiao dong"),
        ("尉迟恭", "yu chi gong"),
        ("令狐冲", "ling hu chong"),
        ("李乐", "li yue"),
        ("吕布", "lv bu"),
        ("吕布", "lu bu"),
        ("吕布", "lyu bu"),
        ("阿依古丽·买买提", "a yi gu li mai mai ti"),
        ("Maria Gonzalez", "maria gonzalez"),
    ],
)
def test_name_with_several_readings_has_each(name: str, syllables: str) -> None:
    assert tuple(syllables.split()) in readings(name)


def test_name_with_many_readings_has_the_commonest_only() -> None:
    assert len(readings("重行单乐朝")) == READINGS_OF_NAME


@pytest.mark.parametrize("name", ["", "·", "１２３"])
def test_text_without_letters_has_no_reading(name: str) -> None:
    assert readings(name) == []


@pytest.mark.parametrize(
    ("typed", "plain"),
    [("Zhāng Sān", "zhangsan"), ("Lǚ Bù", "lvbu"), ("lü", "lv"), ("Xi'an", "xian"), ("lu:bu", "lvbu")],
)
def test_typed_pinyin_is_compared_without_tones_and_spaces(typed: str, plain: str) -> None:
    assert plain_pinyin(typed) == plain


def test_keys_of_one_name_differ_between_groups() -> None:
    """Why: else the most frequent key of the table is the key of 王."""
    persons = [new_id() for _ in range(40)]
    keys = [frozenset(keys_of_person(RING, each, "王芳")) for each in persons]
    groups = {each.bytes[-1] for each in persons}
    assert len(set(keys)) == len(groups) > 1
    assert all(each & set(keys_of_text(RING, SearchedBy.NAME, "王")) for each in keys)


def test_long_name_has_few_keys() -> None:
    assert len(keys_of_person(RING, new_id(), "买" * 60)) < 600
