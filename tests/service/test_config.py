"""Settings come from the environment, and a wrong one is named without its value."""

from pathlib import Path

import pytest

from service.config import BadSetting, MailServer, read_settings


def test_empty_environment_gives_the_defaults() -> None:
    settings = read_settings({})
    assert settings.var == Path.cwd() / "var"
    assert (settings.database_url, settings.redis_url, settings.mail, settings.keyring) == (None, None, None, None)
    assert (settings.demo_clock, settings.language) == (False, "zh_CN")


def test_every_setting_is_read_from_the_environment() -> None:
    settings = read_settings(
        {
            "DATABASE_URL": "postgresql://union:secret@db/songnuan",
            "REDIS_URL": "redis://:secret@broker:6379/0",
            "SONGNUAN_VAR": "/srv/songnuan",
            "SONGNUAN_DEMO_CLOCK": "1",
            "SONGNUAN_LANG": "en",
            "SMTP_URL": "smtps://post:p%40ss@mail.union.example",
            "MAIL_FROM": "送温暖 <songnuan@union.example>",
            "KEYRING": "1:00ff",
            "PUBLIC_URL": "https://songnuan.union.example/",
        }
    )
    assert settings.var == Path("/srv/songnuan")
    assert settings.demo_clock
    assert settings.public_url == "https://songnuan.union.example"
    assert settings.mail == MailServer("mail.union.example", 465, tls=True, user="post", password="p@ss")
    assert "secret" not in repr(settings)
    assert "p@ss" not in repr(settings)
    assert "00ff" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://union:secret@db/songnuan"),
        ("DATABASE_URL", "postgresql://union:secret@db:port/songnuan"),
        ("REDIS_URL", "secret:6379"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://mail:25/secret"),
        ("SMTP_URL", "mail secret"),
        ("MAIL_FROM", "secret"),
        ("PUBLIC_URL", "ftp://secret"),
        ("MAIL_FROM", "a@b.example\nBcc: secret@c.example"),
        ("SONGNUAN_DEMO_CLOCK", "secret"),
        ("SONGNUAN_LANG", "secret"),
    ],
)
def test_wrong_value_is_named_with_a_correction_and_not_repeated(variable: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"^{variable}: .+\\. Write ") as error:
        read_settings({variable: value})
    assert "secret" not in str(error.value)
    assert error.value.variable == variable
