"""Where the project is, for tests that look at its files or start its programs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
