"""The record: what happened to every case, kept in PostgreSQL, and the faces that show it; imports the rules, never the worker."""
