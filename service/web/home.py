"""/home: a first look at the caller's work in numbers, each of which opens the list that it counts."""

from flask import Blueprint, render_template

from service.http.auth import EVERYONE, requires_role
from service.http.context import caller
from service.web import home_tiles as rows
from service.web.home_numbers import counted_links, money_of_this_year
from service.web.household_filters import CATEGORIES

blueprint = Blueprint("home", __name__)


@blueprint.get("/home")
@requires_role(*EVERYONE)
def show_home() -> str:
    """Show the tiles of the caller's roles, their open cases by phase, their families by category, and the year's money."""
    roles = caller().roles
    tiles = rows.tiles_of(roles)
    phases = rows.PHASES if roles & rows.PHASE_ROLES else {}
    categories = rows.CATEGORY if roles & rows.CATEGORY_ROLES else {}
    numbers = counted_links({each.key: (each.counts, each.asked) for each in tiles} | phases | categories)
    return render_template(
        "home/show.html",
        tiles=[(each, numbers[each.key]) for each in tiles],
        phases=rows.OPEN_PHASES if phases else (),
        categories=CATEGORIES if categories else (),
        numbers=numbers,
        shows_money=bool(roles & rows.MONEY_ROLES),
        money=money_of_this_year() if roles & rows.MONEY_ROLES else None,
    )
