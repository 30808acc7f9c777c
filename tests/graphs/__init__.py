"""The patterns, one file each, and the catalogue's contract."""
