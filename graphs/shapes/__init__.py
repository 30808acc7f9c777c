"""Patterns of the family 'Graph shapes'."""
