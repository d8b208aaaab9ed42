"""Models of browsers' sessions, and of what a person proves an act with."""

from django.db import models

from benchmarks.django_way.office_models import Account, key, to, words


class BrowserSession(models.Model):
    id = key()
    account, token_hash = to(Account, related_name="sessions"), models.BinaryField(unique=True)
    ends_at, ended_at = models.DateTimeField(), models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField()

    class Meta:
        db_table = "session"


class Credential(models.Model):
    id = key()
    account, kind = to(Account, related_name="credentials"), words()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "credential"


class Passkey(models.Model):
    id = key()
    account, revoked_at = to(Account, related_name="passkeys"), models.DateTimeField(null=True)

    class Meta:
        db_table = "passkey"
