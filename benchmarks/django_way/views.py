"""The REST framework views: serializers and a view set."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.check_input import Clerk
from benchmarks.django_way import services
from benchmarks.django_way.forms import FORMS, Fen
from benchmarks.django_way.models import Account, Case


class Conflict(APIException):
    """A rule refused the step."""

    status_code = status.HTTP_409_CONFLICT


class CaseIn(serializers.Serializer):
    programme, item = serializers.CharField(), serializers.CharField()
    household_id, beneficiary_id = serializers.UUIDField(), serializers.UUIDField()
    requested = Fen()
    answers = serializers.DictField(required=False)


class CaseOut(serializers.ModelSerializer):
    class Meta:
        model = Case
        fields = ("id", "case_no", "state", "phase", "version", "due_on")


class CaseViewSet(viewsets.GenericViewSet):
    """Views that open a case and take a step."""

    queryset = Case.objects.all()
    serializer_class = CaseOut

    def create(self, request: Request) -> Response:
        application = CaseIn(data=request.data)
        application.is_valid(raise_exception=True)
        values, today = application.validated_data, _today(request)
        family = (values["household_id"], values["beneficiary_id"])
        case = _run(services.open_case, family, values["item"], values["requested"], clerk(request.user, today), today)
        return Response(CaseOut(case).data, status=status.HTTP_201_CREATED)

    @action(detail=True, methods=["post"], url_path="actions/(?P<step>[a-z_]+)")
    def act(self, request: Request, pk: str, step: str) -> Response:
        form = FORMS[step](data=request.data["answers"])
        form.is_valid(raise_exception=True)
        today = _today(request)
        case = _run(services.take, UUID(pk), step, read(form), clerk(request.user, today), today)
        return Response(CaseOut(case).data)


def read(form: serializers.Serializer) -> dict[str, Any]:
    """Return the answers as in the event, with ids and days as text."""
    return {name: _plain(value) for name, value in form.validated_data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, UUID) else value.isoformat() if isinstance(value, date) else value


def clerk(account: Account, today: date) -> Clerk:
    """Return the account with its grants of the day."""
    rows = account.grants.filter(Q(revoked_on=None) | Q(revoked_on__gt=today), from_on__lte=today, until_on__gte=today)
    grants = tuple((each.role, each.tier, each.unit.path, each.for_account_id) for each in rows.select_related("unit"))
    return Clerk(account.id, grants, sorted({each[2] for each in grants}))


def _today(request: Request) -> date:
    return datetime.fromisoformat(request.headers["X-Songnuan-Date"]).date()


def _run(function: Any, *arguments: Any) -> Case:
    try:
        return function(*arguments)
    except services.Refused as refused:
        raise Conflict({"codes": list(refused.args)}) from None
