"""Reads: a function is one SELECT, named for its answer."""
