"""Bundles for auditors: the record of a unit and a period as one file that is checked without the database."""
