"""The sample policy set and the sample calendars, read once for the tests."""

from pathlib import Path

from workflows.policy_parser import read_policy
from workflows.workdays import Calendar, read_calendar

SAMPLES = Path(__file__).parents[2] / "samples"
TEXT = (SAMPLES / "policy-2025.toml").read_text("utf-8")
SAMPLE = read_policy(TEXT)
RUSHAN = "371083"

_OF_2025, _OF_2026 = (read_calendar((SAMPLES / f"calendar-{year}.csv").read_text("utf-8")) for year in (2025, 2026))
CALENDAR = Calendar({**_OF_2025.days, **_OF_2026.days}, _OF_2025.years | _OF_2026.years)
