"""Marshmallow schemas of requests and responses, one file per noun, without rules."""
