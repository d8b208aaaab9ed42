"""Spreadsheet imports: all rows are written, or none and a list of problems."""
