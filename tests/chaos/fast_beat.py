"""Celery app whose scheduled jobs run every 0.3 seconds."""

from worker.app import app

for entry in app.conf.beat_schedule.values():
    entry["schedule"] = 0.3

__all__ = ["app"]
