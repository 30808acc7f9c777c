"""Patterns of the family 'Streaming'."""
