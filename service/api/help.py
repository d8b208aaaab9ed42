"""/gifts, /donations, /activities: help outside cases, and the activity money that is never mixed with it."""

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from service.actions import activities, donations, gifts
from service.auth import needs
from service.request import asked, tx
from service.schemas.help import ActivityIn, DonationIn, GiftIn
from service.schemas.households import MadeOut
from workflows.terms import Role

help_given = Blueprint("help", __name__, description="慰问品、捐款与活动 Gifts, donations, activities")


@help_given.post("/gifts")
@needs(Role.REGISTRAR, Role.VISITOR, Role.CASHIER, Role.APPROVER)
@help_given.arguments(GiftIn)
@help_given.response(201, MadeOut)
def hand_over(body: dict[str, Any]) -> dict[str, UUID]:
    """Record money or goods given outside a case; money is recorded by its approver, and moves in its fund at once."""
    return {"id": gifts.hand_over(tx(), gifts.NewGift(**body), asked())}


@help_given.post("/donations")
@needs(Role.REGISTRAR, Role.CASHIER)
@help_given.arguments(DonationIn)
@help_given.response(201, MadeOut)
def record_donation(body: dict[str, Any]) -> dict[str, UUID]:
    """Record a donation passed on, or received."""
    return {"id": donations.record_donation(tx(), donations.NewDonation(**body), asked())}


@help_given.post("/activities")
@needs(Role.REGISTRAR, Role.CASHIER)
@help_given.arguments(ActivityIn)
@help_given.response(201, MadeOut)
def record_activity(body: dict[str, Any]) -> dict[str, UUID]:
    """Record an activity and what it cost; it is no aid and is never added to it."""
    return {"id": activities.record_activity(tx(), activities.NewActivity(**body), asked())}
