"""The house's own beat, its minutes turned into tenths of seconds."""

from worker.app import app

for entry in app.conf.beat_schedule.values():
    entry["schedule"] = 0.3

__all__ = ["app"]
