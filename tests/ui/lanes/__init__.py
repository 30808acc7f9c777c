"""Tests of `ui/lanes`."""
