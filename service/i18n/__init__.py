"""The message catalogues and what renders their messages."""
