"""The forms of the steps as serializers."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers


class Fen(serializers.DecimalField):
    """Yuan with two decimals, stored as fen."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_digits=12, decimal_places=2, min_value=Decimal(0), **more)

    def to_internal_value(self, data: Any) -> int:
        return int(super().to_internal_value(data) * 100)

    def run_validators(self, value: Any) -> None:
        """Skip the validators of decimals, because the value is in whole fen."""


class Nothing(serializers.Serializer): ...


class Visit(serializers.Serializer):
    on = serializers.DateField()
    visitors = serializers.ListField(child=serializers.UUIDField(), allow_empty=False)
    place = serializers.ChoiceField(("home", "workplace", "hospital", "school", "phone"))
    conclusion = serializers.ChoiceField(("confirmed", "refuted", "received", "not_received", "handed_back"))


class Papers(serializers.Serializer):
    papers = serializers.ListField(child=serializers.SlugField(max_length=64), allow_empty=False)


class Check(serializers.Serializer):
    authority, request_no = serializers.CharField(max_length=120), serializers.CharField(max_length=64)
    replied_on = serializers.DateField()
    outcome = serializers.ChoiceField(("clear", "hits"))
    explained = serializers.BooleanField(required=False)


class Award(serializers.Serializer):
    award, fund = Fen(), serializers.UUIDField()
    places = serializers.ListField(child=serializers.SlugField(max_length=64), allow_empty=False)
    method = serializers.ChoiceField(("bank", "cash"), required=False)
    cash_reason = serializers.ChoiceField(("no_account", "urgent", "disabled"), required=False)


class Signature(serializers.Serializer):
    minutes = serializers.CharField(max_length=120, required=False)


class Payment(serializers.Serializer):
    method, voucher = serializers.ChoiceField(("bank", "cash")), serializers.CharField(max_length=64)


class Advice(serializers.Serializer):
    advice_no, advised_on = serializers.CharField(max_length=64), serializers.DateField()
    amount = Fen()


class Receipt(serializers.Serializer):
    evidence = serializers.ChoiceField(("signature", "sms", "call_back", "bank_slip", "proxy"))


FORMS = {
    "submit": Nothing,
    "record_visit": Visit,
    "confirm_visit": Nothing,
    "add_papers": Papers,
    "finish_survey": Nothing,
    "record_check": Check,
    "pass_review": Award,
    "end_notice": Nothing,
    "approve": Signature,
    "pay": Payment,
    "confirm_payment": Advice,
    "confirm_receipt": Receipt,
    "record_follow_up": Visit,
    "close": Nothing,
}
