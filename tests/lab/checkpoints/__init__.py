"""Tests of `lab/checkpoints`."""
