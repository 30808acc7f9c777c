"""The engine: the only door to running a pattern and to reading what ran."""
