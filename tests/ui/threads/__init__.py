"""Tests of `ui/history`."""
