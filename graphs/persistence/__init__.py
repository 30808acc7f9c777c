"""Patterns of the family 'Persistence and time travel'."""
