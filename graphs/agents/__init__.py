"""Patterns of the family 'Multi-agent'."""
