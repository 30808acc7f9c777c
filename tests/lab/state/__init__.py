"""Tests of `lab/state`."""
