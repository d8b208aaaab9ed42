"""Pinyin readings of personal names, with the readings of surnames and of characters with several."""

import os
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product

# The dictionary of phrases costs half a second and 40 MB at each start; names are read one character at a time.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")

from pypinyin import Style, pinyin

READINGS_OF_CHARACTER = 3
"""Readings of one character, the commonest first."""

READINGS_OF_NAME = 12
"""Readings of one name; those with the commonest readings of characters come first."""

VARYING, SYLLABLES = 4, 12
"""How many first syllables have several readings: a Chinese name has no more; and how many are read at all."""

_SURNAMES = """
单:shan 曾:zeng 仇:qiu 查:zha 朴:piao 区:ou 盖:ge 翟:zhai 乐:yue 缪:miao 覃:qin 解:xie 员:yun 黑:he 折:she 种:chong 繁:po 秘:bi
隗:wei 牟:mu 佴:nai 阚:kan 句:gou 召:shao 祭:zhai 洗:xian 术:zhu 藏:zang 薄:bo 卜:bu 都:du 长:chang 重:chong 适:kuo 番:pan 郇:xun
单于:chan'yu 尉迟:yu'chi 万俟:mo'qi 长孙:zhang'sun 澹台:tan'tai 令狐:ling'hu 鲜于:xian'yu 宰父:zai'fu 皇甫:huang'fu
呼延:hu'yan 夏侯:xia'hou 诸葛:zhu'ge 亓官:qi'guan 谷梁:gu'liang 乐正:yue'zheng
"""
SURNAMES: dict[str, str] = dict(pair.split(":") for pair in _SURNAMES.split())
"""Surnames whose reading as a surname is not the character's first; of two characters, the readings of both."""


def readings(name: str) -> list[tuple[str, ...]]:
    """Return the readings of a name by syllable: `"单芳" → [("shan", "fang"), ("dan", "fang"), …]`.

    Words in Latin letters are a syllable each: `"Maria Li" → [("maria", "li")]`. At most READINGS_OF_NAME.
    """
    syllables = [
        each[: None if place < VARYING else 1] for place, each in enumerate(islice(_syllables(name), SYLLABLES))
    ]
    # A reading is as rare as the sum of the ranks of its characters' readings.
    ranked = sorted(product(*(range(len(each)) for each in syllables)), key=sum) if syllables else []
    return [
        tuple(each[rank] for each, rank in zip(syllables, ranks, strict=True)) for ranks in ranked[:READINGS_OF_NAME]
    ]


def _syllables(name: str) -> Iterator[tuple[str, ...]]:
    """Yield the readings of each character that has one, and each word in Latin letters."""
    compound = SURNAMES.get(name[:2], "") if len(name) > 2 else ""
    if "'" in compound:
        yield from ((syllable,) for syllable in compound.split("'"))
        name = name[2:]
    surname = SURNAMES.get(name[:1], "") if not compound else ""
    word = ""
    for place, character in enumerate(name):
        if character.isascii() and character.isalpha():
            word += character.lower()
            continue
        if word:
            yield (word,)
        word, of_character = "", _of_character(character)
        if place == 0 and surname:
            of_character = tuple(dict.fromkeys((surname, *of_character)))[:READINGS_OF_CHARACTER]
        if of_character:
            yield of_character
    if word:
        yield (word,)


@lru_cache(maxsize=8192)
def _of_character(character: str) -> tuple[str, ...]:
    """Return the readings of a Han character without tones; ü is v, and also u and yu, as passports and keyboards have it."""
    found = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
    plain = [reading for reading in (found[0] if found else []) if reading.isascii()][:READINGS_OF_CHARACTER]
    other = [reading.replace("v", spelling) for reading in plain if "v" in reading for spelling in ("u", "yu")]
    return tuple(dict.fromkeys((*plain, *other)))
