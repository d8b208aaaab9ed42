"""Changes of a household's file: head, exit, filing again, unit, member who leaves (docs/decisions/0025)."""
