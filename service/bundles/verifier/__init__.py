"""The verifier of bundles, with the standard library alone: every bundle carries it as verify.py."""
