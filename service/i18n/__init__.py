"""Message catalogues, and functions that render their messages."""
