"""Tests of `lab/secrets`."""
