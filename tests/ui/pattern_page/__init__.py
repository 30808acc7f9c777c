"""Tests of `ui/pattern_page`."""
