"""Tests of `ui/forms`."""
