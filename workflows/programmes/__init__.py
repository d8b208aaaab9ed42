"""The programmes that the union runs, by key."""

from collections.abc import Mapping

from workflows.programme import Programme
from workflows.programmes.hardship import HARDSHIP
from workflows.programmes.tuition import TUITION

PROGRAMMES: Mapping[str, Programme] = {programme.key: programme for programme in (HARDSHIP, TUITION)}
