"""Patterns of the family 'Resilience'."""
