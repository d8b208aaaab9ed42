"""Observability is logs and metrics."""
