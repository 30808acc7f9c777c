"""Tests of `ui/graph`."""
