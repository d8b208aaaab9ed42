"""Writes, a file per noun; actions never commit: the face that calls them owns the transaction."""
