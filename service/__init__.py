"""The service: what happened to every case, kept in PostgreSQL, and the entry points to it; imports the rules, never the worker."""

import gc

gc.set_threshold(50_000, 20, 50)
"""Objects made before one collection. With Python's 700, thousands of modules at a start are looked through dozens of times."""
