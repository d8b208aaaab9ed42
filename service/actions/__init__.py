"""Actions write to the database and never commit: the entry point owns the transaction."""
