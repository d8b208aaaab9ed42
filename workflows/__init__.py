"""Pure rules take the facts of a case and return what to write down.

No web, no database and no clock: the caller passes in everything a rule needs.
"""
