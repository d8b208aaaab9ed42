"""Uploaded files: read by their content in a process of its own, scanned, and kept in a file store."""
