"""Tests of `lab/threads`."""
