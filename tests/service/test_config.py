"""Settings come from the environment, and a wrong one is named without its value."""

from pathlib import Path

import pytest

from service.config import BadSetting, Bucket, MailServer, read_settings


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
        ("SONGNUAN_S3_URL", "s3://secret/songnuan"),
        ("SONGNUAN_S3_URL", "https://s3.union.example/"),
        ("SONGNUAN_S3_URL", "https://key:secret@s3.union.example/songnuan"),
        ("SONGNUAN_S3_URL", "https://s3.union.example/songnuan/../secret union"),
    ],
)
def test_wrong_value_is_named_with_a_correction_and_not_repeated(variable: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"^{variable}: .+\\. Write ") as error:
        read_settings({variable: value})
    assert "secret" not in str(error.value)
    assert error.value.variable == variable


def test_bucket_is_an_address_a_name_and_a_prefix() -> None:
    keys = {"SONGNUAN_S3_ACCESS_KEY": "key", "SONGNUAN_S3_SECRET_KEY": "secret"}
    settings = read_settings({"SONGNUAN_S3_URL": "https://s3.union.example:9000/songnuan/county/2025/", **keys})
    assert settings.bucket == Bucket("https://s3.union.example:9000", "songnuan", "county/2025/", "key", "secret")
    assert "secret" not in repr(settings)
    whole = read_settings({"SONGNUAN_S3_URL": "https://s3.union.example/songnuan", **keys})
    assert whole.bucket == Bucket("https://s3.union.example", "songnuan", "", "key", "secret")


@pytest.mark.parametrize("missing", ["SONGNUAN_S3_ACCESS_KEY", "SONGNUAN_S3_SECRET_KEY"])
def test_bucket_without_a_key_is_named(missing: str) -> None:
    given = {
        "SONGNUAN_S3_URL": "https://s3.union.example/songnuan",
        "SONGNUAN_S3_ACCESS_KEY": "a",
        "SONGNUAN_S3_SECRET_KEY": "b",
    }
    del given[missing]
    with pytest.raises(BadSetting) as error:
        read_settings(given)
    assert error.value.variable == missing
