"""Models of units, accounts, households and funds, with the service's table and column names."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from uuid_utils.compat import uuid7


def key() -> models.UUIDField:
    """Return a primary key that is generated before the insert."""
    return models.UUIDField(primary_key=True, default=uuid7)


def to(model: object, **more: object) -> models.ForeignKey:
    """Return a foreign key."""
    return models.ForeignKey(model, on_delete=models.PROTECT, **more)


def words(**more: object) -> models.TextField:
    """Return a text field."""
    return models.TextField(**more)


class Unit(models.Model):
    id = key()
    name, path = words(), words(unique=True)

    class Meta:
        db_table = "unit"


class Account(AbstractBaseUser):
    id = key()
    unit = to(Unit)
    login, display_name, email = words(unique=True), words(), words(null=True)
    id_no_index, disabled_at = models.BinaryField(null=True, unique=True), models.DateTimeField(null=True)
    USERNAME_FIELD = "login"
    objects = BaseUserManager()

    class Meta:
        db_table = "account"


class RoleGrant(models.Model):
    id = key()
    account, unit = to(Account, related_name="grants"), to(Unit)
    role, tier = words(), models.SmallIntegerField(default=0)
    for_account = to(Account, null=True, related_name="+")
    from_on, until_on = models.DateField(), models.DateField()
    revoked_on = models.DateField(null=True)

    class Meta:
        db_table = "role_grant"


class PolicySet(models.Model):
    id = key()
    source, effective_from, title = words(), models.DateField(), words(default="")

    class Meta:
        db_table = "policy_set"


class CalendarDay(models.Model):
    on, working = models.DateField(primary_key=True), models.BooleanField()

    class Meta:
        db_table = "calendar_day"


class Household(models.Model):
    id = key()
    unit, unit_path = to(Unit), words(db_index=True)
    kind, identity, division, cause = words(), words(), words(), words()
    file_no = words(default="")
    observed, event_kind = ArrayField(words(), default=list), words(null=True)
    idle_able_members, finances_as_of = models.SmallIntegerField(default=0), models.DateField(null=True)
    filed_on, exited_on = models.DateField(), models.DateField(null=True)
    category, category_on = words(null=True), models.DateField(null=True)
    category_case_id = models.UUIDField(null=True)
    version, aid_version = models.IntegerField(default=1), models.IntegerField(default=0)

    class Meta:
        db_table = "household"


class Person(models.Model):
    id = key()
    household = to(Household, related_name="members")
    relation, active = words(), models.BooleanField(default=True)
    name_sealed, name_index = models.BinaryField(), models.BinaryField(db_index=True)
    id_no_index, email_sealed = models.BinaryField(null=True, db_index=True), models.BinaryField(null=True)
    id_no_sealed, phone_sealed = models.BinaryField(null=True), models.BinaryField(null=True)
    first_person = to("self", null=True)

    class Meta:
        db_table = "person"
        ordering = ("id",)


class NumberAbsence(models.Model):
    id = key()
    person, reason, document = to(Person), words(), words()
    from_on, until_on = models.DateField(), models.DateField()

    class Meta:
        db_table = "number_absence"


class BankAccount(models.Model):
    id = key()
    household, person = to(Household, related_name="bank_accounts"), to(Person)
    bank, active = words(), models.BooleanField(default=True)
    card_sealed, card_index = models.BinaryField(), models.BinaryField(db_index=True)

    class Meta:
        db_table = "bank_account"


class FinanceLine(models.Model):
    id = key()
    household, person = to(Household, related_name="lines"), to(Person, null=True)
    side, kind, fen, reimbursed_fen = words(), words(), models.BigIntegerField(), models.BigIntegerField()

    class Meta:
        db_table = "finance_line"


class Consent(models.Model):
    id = key()
    household, until_on = to(Household, related_name="consents"), models.DateField()

    class Meta:
        db_table = "consent"


class Kinship(models.Model):
    id = key()
    household, account = to(Household, related_name="kin"), to(Account)

    class Meta:
        db_table = "kinship"


class Gift(models.Model):
    id = key()
    household, item = to(Household, related_name="gifts"), words()
    fen, on = models.BigIntegerField(null=True), models.DateField()

    class Meta:
        db_table = "gift"


class Fund(models.Model):
    id = key()
    unit, unit_path = to(Unit), words()
    code, title = words(default=""), words(default="")
    permitted_items, categories = ArrayField(words()), ArrayField(words(), default=list)
    opens_on, expires_on = models.DateField(), models.DateField()
    settles_until = models.DateField(null=True)
    available_fen, committed_fen = models.BigIntegerField(default=0), models.BigIntegerField(default=0)
    paid_fen, outside_fen = models.BigIntegerField(default=0), models.BigIntegerField(default=0)
    in_transit_fen = models.BigIntegerField(default=0)

    class Meta:
        db_table = "fund"
