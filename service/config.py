"""Settings are read from environment variables and checked once, when a process starts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

from service.limits import InvalidLimit, Limits, read_limits

LANGUAGES = ("zh_CN", "en")
_DATABASES = ("postgresql", "postgres", "postgresql+psycopg")
_BROKERS = ("redis", "rediss")
_PAGES = ("https", "http")
_MAIL_SERVERS = ("smtp", "smtps")
_LOCAL = ("localhost", "127.0.0.1", "::1")
_YES = {"1", "true", "yes", "on"}
_NO = {"", "0", "false", "no", "off"}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"([A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*)?")
_TOKEN = re.compile(r"[!-~]{24,200}")


class BadSetting(ValueError):
    """An environment variable that cannot be used. The message names it and the remedy, never its value."""

    def __init__(self, variable: str, fault: str, remedy: str) -> None:
        super().__init__(f"{variable}: {fault}. {remedy}")
        self.variable = variable


@dataclass(frozen=True)
class MailServer:
    """The SMTP server that accepts our mail; `tls` is on for smtps://."""

    host: str
    port: int
    tls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The value for SMTP_URL."""
        login = f"{quote(self.user, safe='')}:{quote(self.password or '', safe='')}@" if self.user else ""
        return f"{'smtps' if self.tls else 'smtp'}://{login}{self.host}:{self.port}"


@dataclass(frozen=True)
class IdentityProvider:
    """An OpenID provider: its issuer, our client there, and the `acr` values that mean two factors."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    two_factor_acr: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bucket:
    """A bucket of an S3-compatible service for the stored files, and the beginning that their keys share."""

    endpoint: str
    name: str
    prefix: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"


@dataclass(frozen=True)
class Settings:
    """The settings of one process. Its repr leaves out secrets.

    `database_url` is of the application's role, which owns nothing; `owner_database_url` is of the role that owns the
    tables, for migrations, and no other process has it. `database_url` and `redis_url` are None when the command starts its
    own servers (service/local_servers); `keyring` is None when the keys are in the file `var/keyring`; `log_key` is None when
    the key that signs checkpoints is in `var/log-key`; `mail` is None when no e-mail is sent; `monitoring_token` is None when
    nobody may read /metrics, and only this machine /readyz; `clamd` is None when uploads are not scanned for viruses; `bucket`
    is None when stored files are in `var/files`. `public_url` is the address of the pages, without a slash at its end, or empty.
    """

    var: Path
    database_url: str | None = field(default=None, repr=False)
    owner_database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    mail: MailServer | None = None
    mail_from: str = "songnuan@localhost"
    keyring: str | None = field(default=None, repr=False)
    log_key: Path | None = None
    clamd: str | None = None
    bucket: Bucket | None = None
    demo_clock: bool = False
    language: str = LANGUAGES[0]
    monitoring_token: str | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)
    public_url: str = ""
    identity_provider: IdentityProvider | None = None


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of an environment; an empty variable counts as not set.

    Raises BadSetting when a variable cannot be used.
    """
    return Settings(
        var=Path(environ.get("SONGNUAN_VAR") or "var").absolute(),
        database_url=_url(environ, "DATABASE_URL", _DATABASES, "postgresql://user:password@host:5432/songnuan"),
        owner_database_url=_url(
            environ, "OWNER_DATABASE_URL", _DATABASES, "postgresql://owner:password@host:5432/songnuan"
        ),
        redis_url=_url(environ, "REDIS_URL", _BROKERS, "redis://:password@host:6379/0"),
        mail=_mail_server(environ),
        mail_from=_mail_from(environ),
        keyring=environ.get("KEYRING") or None,
        log_key=Path(environ["SONGNUAN_LOG_KEY"]).absolute() if environ.get("SONGNUAN_LOG_KEY") else None,
        clamd=_clamd(environ),
        bucket=_bucket(environ),
        demo_clock=_switch(environ, "SONGNUAN_DEMO_CLOCK"),
        language=_language(environ),
        monitoring_token=_monitoring_token(environ),
        limits=_limits(environ),
        identity_provider=_identity_provider(environ),
        public_url=(_url(environ, "PUBLIC_URL", _PAGES, "https://songnuan.union.example") or "").rstrip("/"),
    )


def _url(environ: Mapping[str, str], variable: str, schemes: tuple[str, ...], example: str) -> str | None:
    text = environ.get(variable)
    if not text:
        return None
    _split(variable, text, schemes, example)
    return text


def _split(variable: str, text: str, schemes: tuple[str, ...], example: str) -> SplitResult:
    remedy = f"Write it like {example}, or leave it out"
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        raise BadSetting(variable, "this is not a URL", remedy) from None
    if url.scheme not in schemes:
        raise BadSetting(variable, f"it must begin with {schemes[0]}://", remedy)
    return url


def _mail_server(environ: Mapping[str, str]) -> MailServer | None:
    text = environ.get("SMTP_URL")
    if not text:
        return None
    example = "smtp://host:25 or smtps://user:password@host:465"
    url = _split("SMTP_URL", text, _MAIL_SERVERS, example)
    if not url.hostname or url.path.strip("/") or url.query:
        raise BadSetting("SMTP_URL", "it must name a host, and nothing after the port", f"Write it like {example}")
    tls = url.scheme == "smtps"
    user, password = (unquote(part) if part else None for part in (url.username, url.password))
    return MailServer(url.hostname, url.port or (465 if tls else 25), tls, user, password)


def _mail_from(environ: Mapping[str, str]) -> str:
    address = environ.get("MAIL_FROM") or Settings.mail_from
    name, at, host = parseaddr(address)[1].rpartition("@")
    if not (name and at and host and (name + host).isascii() and address.isprintable()):
        raise BadSetting("MAIL_FROM", "this is not a mail address", "Write it like 送温暖 <songnuan@union.example>")
    return address


_CLAMD = re.compile(r"/[!-~]{1,100}|[A-Za-z0-9._-]{1,253}:[0-9]{1,5}")


def _clamd(environ: Mapping[str, str]) -> str | None:
    address = environ.get("SONGNUAN_CLAMD") or None
    if address is not None and not _CLAMD.fullmatch(address):
        raise BadSetting("SONGNUAN_CLAMD", "this is not an address of clamd", "127.0.0.1:3310 or /run/clamav/clamd.ctl")
    return address


def _bucket(environ: Mapping[str, str]) -> Bucket | None:
    text, example = environ.get("SONGNUAN_S3_URL"), "https://s3.union.example/bucket/prefix"
    if not text:
        return None
    url = _split("SONGNUAN_S3_URL", text, _PAGES, example)
    name, _, prefix = url.path.strip("/").partition("/")
    if not url.hostname or not _BUCKET.fullmatch(name) or not _PREFIX.fullmatch(prefix) or url.query or url.username:
        raise BadSetting("SONGNUAN_S3_URL", "it must name a host and a bucket, and no key", f"Write it like {example}")
    access_key, secret_key = (environ.get(f"SONGNUAN_S3_{each}", "") for each in ("ACCESS_KEY", "SECRET_KEY"))
    for each, value in (("ACCESS_KEY", access_key), ("SECRET_KEY", secret_key)):
        if not value:
            raise BadSetting(f"SONGNUAN_S3_{each}", "it is missing beside SONGNUAN_S3_URL", "Ask who runs the service")
    region = environ.get("SONGNUAN_S3_REGION") or Bucket.region
    return Bucket(f"{url.scheme}://{url.netloc}", name, f"{prefix}/" if prefix else "", access_key, secret_key, region)


def _switch(environ: Mapping[str, str], variable: str) -> bool:
    word = environ.get(variable, "").strip().lower()
    if word not in _YES | _NO:
        raise BadSetting(variable, "it is either on or off", "Write 1 or 0")
    return word in _YES


def _language(environ: Mapping[str, str]) -> str:
    language = environ.get("SONGNUAN_LANG") or LANGUAGES[0]
    if language not in LANGUAGES:
        raise BadSetting("SONGNUAN_LANG", "there is no catalogue for it", f"Write {' or '.join(LANGUAGES)}")
    return language


def _monitoring_token(environ: Mapping[str, str]) -> str | None:
    token = environ.get("SONGNUAN_MONITORING_TOKEN") or None
    if token is not None and not _TOKEN.fullmatch(token):
        raise BadSetting(
            "SONGNUAN_MONITORING_TOKEN", "it is too short or cannot be sent in a header", "openssl rand -hex 24"
        )
    return token


def _identity_provider(environ: Mapping[str, str]) -> IdentityProvider | None:
    example = "https://sign-in.union.example"
    issuer = _url(environ, "SONGNUAN_OIDC_ISSUER", _PAGES, example)
    if issuer is None:
        return None
    url = urlsplit(issuer)
    if url.scheme != "https" and url.hostname not in _LOCAL:
        raise BadSetting("SONGNUAN_OIDC_ISSUER", "it must begin with https://", f"Write it like {example}")
    client = [environ.get(f"SONGNUAN_OIDC_{name}", "") for name in ("CLIENT_ID", "CLIENT_SECRET")]
    for name, value in zip(("CLIENT_ID", "CLIENT_SECRET"), client, strict=True):
        if not value:
            raise BadSetting(f"SONGNUAN_OIDC_{name}", "it is missing beside SONGNUAN_OIDC_ISSUER", "Ask the provider")
    acr = tuple(environ.get("SONGNUAN_OIDC_TWO_FACTOR_ACR", "").split())
    return IdentityProvider(issuer.rstrip("/"), client[0], client[1], acr)


def _limits(environ: Mapping[str, str]) -> Limits:
    try:
        return read_limits(environ)
    except InvalidLimit as invalid:
        raise BadSetting(invalid.variable, invalid.fault, invalid.remedy) from None
