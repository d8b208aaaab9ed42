"""The face: REST framework's token, serializers and a view set."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.django_way import services
from benchmarks.django_way.forms import FORMS, Fen
from benchmarks.django_way.models import Account, Case
from benchmarks.plain_rules import Clerk


class Conflict(APIException):
    """A rule says no."""

    status_code = status.HTTP_409_CONFLICT


class CaseIn(serializers.Serializer):
    programme, item = serializers.CharField(), serializers.CharField()
    household_id, beneficiary_id = serializers.UUIDField(), serializers.UUIDField()
    requested = Fen()
    answers = serializers.DictField(required=False)


class TakenOut(serializers.ModelSerializer):
    class Meta:
        model = Case
        fields = ("id", "case_no", "state", "phase", "version", "due_on")


class CaseViewSet(viewsets.GenericViewSet):
    """Open a case, take a step."""

    queryset = Case.objects.all()
    serializer_class = TakenOut

    def create(self, request: Request) -> Response:
        context = CaseIn(data=request.data)
        context.is_valid(raise_exception=True)
        said, today = context.validated_data, _today(request)
        family = (said["household_id"], said["beneficiary_id"])
        case = _done(services.open_case, family, said["item"], said["requested"], clerk(request.user, today), today)
        return Response(TakenOut(case).data, status=status.HTTP_201_CREATED)

    @action(detail=True, methods=["post"], url_path="actions/(?P<step>[a-z_]+)")
    def act(self, request: Request, pk: str, step: str) -> Response:
        form = FORMS[step](data=request.data["answers"])
        form.is_valid(raise_exception=True)
        today = _today(request)
        case = _done(services.take, UUID(pk), step, read(form), clerk(request.user, today), today)
        return Response(TakenOut(case).data)


def read(form: serializers.Serializer) -> dict[str, Any]:
    """The answers as they go into the event: ids and days as text."""
    return {name: _plain(value) for name, value in form.validated_data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, UUID) else value.isoformat() if isinstance(value, date) else value


def clerk(account: Account, today: date) -> Clerk:
    """The account with its grants of the day."""
    rows = account.grants.filter(Q(revoked_on=None) | Q(revoked_on__gt=today), from_on__lte=today, until_on__gte=today)
    grants = tuple((each.role, each.tier, each.unit.path, each.for_account_id) for each in rows.select_related("unit"))
    return Clerk(account.id, grants, sorted({each[2] for each in grants}))


def _today(request: Request) -> date:
    return datetime.fromisoformat(request.headers["X-Songnuan-Date"]).date()


def _done(what: Any, *context: Any) -> Case:
    try:
        return what(*context)
    except services.Refused as no:
        raise Conflict({"codes": list(no.args)}) from None
