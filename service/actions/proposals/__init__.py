"""Writes that can be proposed: their content, the people they need, and how each is done (docs/decisions/0032)."""
