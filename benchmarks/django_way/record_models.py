"""Models of what is kept beside the steps of a case: documents with their files, and free words."""

from typing import ClassVar

from django.db import models

from benchmarks.django_way.case_models import Case
from benchmarks.django_way.office_models import Account, Household, key, to, words


class StoredFile(models.Model):
    id = key()
    sha256, media_type, pages = models.BinaryField(unique=True), words(), models.SmallIntegerField()
    size, created_at = models.IntegerField(), models.DateTimeField()

    class Meta:
        db_table = "stored_file"


class Document(models.Model):
    id = key()
    household, case = to(Household, related_name="documents"), to(Case, null=True, related_name="documents")
    file, kind = to(StoredFile), words()
    recorded_by = to(Account, db_column="recorded_by", related_name="+")
    received_on, ended_on = models.DateField(), models.DateField(null=True)
    name_sealed, created_at = models.BinaryField(), models.DateTimeField()

    class Meta:
        db_table = "document"


class PaperDocument(models.Model):
    case, document = to(Case, related_name="paper_documents"), to(Document, related_name="paper_documents")
    seq = models.IntegerField()

    class Meta:
        db_table = "paper_document"
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "document"], name="one_paper_document")]


class SealedRemark(models.Model):
    id = key()
    subject_id, seq, field = models.UUIDField(), models.IntegerField(), words()
    text_sealed = models.BinaryField()

    class Meta:
        db_table = "sealed_remark"
        constraints: ClassVar = [models.UniqueConstraint(fields=["subject_id", "seq", "field"], name="one_remark")]
