"""Rows only: a file per noun. Importing this package fills db.METADATA."""

from service.tables import cases, events, funds, gifts, households, notifications, persons, policies, units

__all__ = ["cases", "events", "funds", "gifts", "households", "notifications", "persons", "policies", "units"]
