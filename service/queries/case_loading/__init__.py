"""Loads a case with every fact that an action needs."""
