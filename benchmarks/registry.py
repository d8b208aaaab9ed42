"""The contestants and the expected ratios."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Contestant:
    """A contestant: the key of its maker, and whether it runs behind a web server and in Django."""

    name: str
    kind: str
    description: str
    web: bool = False
    django: bool = False


CONTESTANTS = (
    Contestant("psycopg_one", "psycopg_one", "psycopg, one statement a step, rules in SQL"),
    Contestant("psycopg_two", "psycopg_two", "psycopg, a locking SELECT, hand-written rules in Python, one statement"),
    Contestant("take", "take", "take_action of the service, in process"),
    Contestant("orm", "orm", "SQLAlchemy objects and a state machine for each"),
    Contestant("django", "django", "Django with django-fsm, in process", django=True),
    Contestant("thin_flask", "posted", "a minimal Flask app over psycopg_two", web=True),
    Contestant("http", "posted", "the service's API, as `songnuan serve` runs it", web=True),
    Contestant("django_http", "posted", "Django REST framework with django-fsm", web=True, django=True),
)
BY_NAME = {each.name: each for each in CONTESTANTS}

WANTED = (
    ("take", "psycopg_two", 0.8),
    ("take", "django", 4.0),
    ("http", "thin_flask", 0.6),
    ("http", "django_http", 2.5),
)
"""Expected ratios: the first is at least so many times as fast as the second."""
