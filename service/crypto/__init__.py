"""Cryptography: field encryption and the hash chain of the event log."""
