"""Tests of `lab/models`."""
