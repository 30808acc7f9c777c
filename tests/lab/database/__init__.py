"""Tests of `lab/database`."""
