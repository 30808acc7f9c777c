"""Tests of `lab/events`."""
