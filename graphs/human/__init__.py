"""Patterns of the family 'Human in the loop'."""
