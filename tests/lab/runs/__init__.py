"""Tests of `lab/runs`."""
