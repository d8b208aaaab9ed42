"""The database package has the engine, column types, prepared statements and migrations."""
