"""Tests of `lab/workspace`."""
