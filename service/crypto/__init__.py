"""Field encryption and the hash chain of the event log."""
