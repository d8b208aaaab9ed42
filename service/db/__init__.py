"""The database engine, column kinds, prepared statements and migrations."""
