"""Tests of `ui/common`."""
