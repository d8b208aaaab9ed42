"""Queries read: one function is one SELECT, named for its answer."""
