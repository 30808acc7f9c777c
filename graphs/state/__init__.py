"""Patterns of the family 'State'."""
