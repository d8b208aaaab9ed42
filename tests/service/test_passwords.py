"""Passwords: which are too easy, and what is kept of one."""

import pytest

from service.crypto.passwords import hash_password, is_password, password_problems

LOGIN, NAME = "gu.yue", "顾月"


@pytest.mark.parametrize(
    ("password", "codes"),
    [
        ("short-1", ["password_length"]),
        ("x-9q-" * 41, ["password_length", "password_common"]),
        ("my-Gu.Yue-2026", ["password_names_you"]),
        ("顾月的密码就是这个了吗", ["password_length", "password_names_you"]),
        ("1q2w3e4r5t6y", ["password_common"]),
        ("abcabcabcabc", ["password_common"]),
        ("aaaaaaaaaaaabbb", ["password_common"]),
        ("correct horse battery staple", []),
        ("云上有只羊在吃草莓味的冰", []),
    ],
)
def test_easy_password_is_refused_with_every_reason(password: str, codes: list[str]) -> None:
    assert [reason.code for reason in password_problems(password, LOGIN, NAME)] == codes


def test_password_fits_its_own_hash_alone_and_no_account_has_none() -> None:
    stored = hash_password("correct horse battery staple")
    assert b"correct" not in stored
    assert is_password(stored, "correct horse battery staple")
    assert not is_password(stored, "correct horse battery stapler")
    assert not is_password(None, "the password of no account")
