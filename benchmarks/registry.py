"""Who is in the contest: a row each, with what it needs to run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entrant:
    """One contestant: the maker a client knows it by, whether it stands behind a web server, and whether it is Django's."""

    name: str
    kind: str
    what: str
    web: bool = False
    django: bool = False


ENTRANTS = (
    Entrant("psycopg_one", "psycopg_one", "psycopg, one statement a step, rules in SQL"),
    Entrant("psycopg_two", "psycopg_two", "psycopg, a locking SELECT, rules by hand in Python, one statement"),
    Entrant("take", "take", "the one door, in process"),
    Entrant("orm", "orm", "SQLAlchemy objects and a machine for each"),
    Entrant("django", "django", "Django with django-fsm, in process", django=True),
    Entrant("thin_flask", "posted", "the thinnest Flask face over psycopg_two", web=True),
    Entrant("http", "posted", "the house's API, as `songnuan serve` runs it", web=True),
    Entrant("django_http", "posted", "Django REST framework with django-fsm", web=True, django=True),
)
BY_NAME = {each.name: each for each in ENTRANTS}

WANTED = (
    ("take", "psycopg_two", 0.8),
    ("take", "django", 4.0),
    ("http", "thin_flask", 0.6),
    ("http", "django_http", 2.5),
)
"""What the house promises: one is at least so many times the other."""
