"""The integrity check compares the event log with the stored rows."""
