"""Tests of `lab/history`."""
