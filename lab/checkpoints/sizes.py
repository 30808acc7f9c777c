"""How much room threads take, and the whole database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ThreadSize:
    """What one thread takes of the storage."""

    checkpoints: int
    bytes: int
    """Of states, metadata and writes as they're stored, without indexes."""


@dataclass(frozen=True, slots=True)
class StorageSize:
    """What the whole database takes."""

    bytes: int
    free: int
    """Of these, bytes that deleted rows left behind and that compaction gives back; 0 where it does so by itself."""
