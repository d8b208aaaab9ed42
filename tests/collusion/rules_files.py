"""Policy sets and calendars that attackers would like to see in force."""

from datetime import date, timedelta
from random import Random

from tests.collusion.forms import chance
from tests.factories import SAMPLES
from tests.lives import number

_POLICY = (SAMPLES / "policy-2025.toml").read_text()
_CALENDAR = (SAMPLES / "calendar-2025.csv").read_text()


def policy_text(rng: Random, today: date) -> str:
    """Return a policy set for a longer region, from tomorrow or last January, with or without notice and tiers."""
    effective = rng.choice((today + timedelta(days=1), today + timedelta(days=1), date(2025, 1, 1)))
    text = _POLICY.replace('key = "sample-weihai"', f'key = "{number("policy").lower()}"')
    text = text.replace('region = "3710" ', 'region = "371083" ')
    text = text.replace("effective_from = 2025-01-01", f"effective_from = {effective.isoformat()}")
    if chance(rng, 60):
        text = text.replace("notice_days = 5 ", "notice_days = 1 ").replace("min_visitors = 2 ", "min_visitors = 1 ")
    return text if chance(rng, 50) else text.replace('tiers = ["2000.00", "20000.00"]', "tiers = []")


def calendar_text(today: date) -> str:
    """Return the year's calendar, with the days off around today made working days."""
    days = (today + timedelta(days=ahead) for ahead in range(-5, 14))
    working = [
        f"{day.isoformat()},班,调休上班"
        for day in days
        if day.weekday() >= 5 and f"{day.isoformat()}," not in _CALENDAR
    ]
    return _CALENDAR + "".join(f"{line}\n" for line in working)
