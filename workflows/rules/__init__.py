"""Rules are shared by programmes; each returns None, or the Reason against the step."""
