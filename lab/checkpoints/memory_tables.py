"""The tables of a checkpointer in memory: dicts, copied before they're walked, because nodes write meanwhile.

A dict's own copy is made in one go; a list of its items isn't, for each makes a tuple, and where that has garbage
collected another thread may go on.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from sqlalchemy import Connection

from lab.checkpoints.index import IndexRow, Marks, index_row, outer_id
from lab.checkpoints.rows import MARKS, NULL_TASK_ID, Link, OpenRows, Write, readable_value
from lab.checkpoints.sizes import StorageSize, ThreadSize


class MemoryTables:
    """The `CheckpointTables` of a checkpointer in memory."""

    def __init__(self, saver: InMemorySaver) -> None:
        self._saver = saver

    def newest_id(self, thread_id: str) -> str:
        return max(list(self._checkpoints(thread_id, "")), default="")

    def newest_ids(self, thread_ids: Collection[str]) -> dict[str, str]:
        return {thread_id: newest for thread_id in thread_ids if (newest := self.newest_id(thread_id))}

    def count(self, thread_id: str) -> int:
        return len(self._checkpoints(thread_id, ""))

    def index_rows(self, thread_id: str, namespace: str = "") -> list[IndexRow]:
        rows = self._without_states(thread_id, namespace)
        return [index_row(ident, parent, namespace, metadata) for ident, parent, metadata in rows]

    def index_rows_by_id(self, thread_id: str, ids: Collection[str]) -> dict[str, IndexRow]:
        wanted = set(ids)
        return {row.checkpoint_id: row for row in self.index_rows(thread_id) if row.checkpoint_id in wanted}

    def subgraph_rows(self, thread_id: str, ids: Collection[str]) -> dict[str, list[IndexRow]]:
        wanted = set(ids)
        rows: dict[str, list[IndexRow]] = {}
        for namespace in [name for name in list(self._saver.storage.get(thread_id, {})) if name]:
            for ident, parent, metadata in self._without_states(thread_id, namespace):
                outer = outer_id(metadata)
                if outer is not None and outer in wanted:
                    rows.setdefault(outer, []).append(index_row(ident, parent, namespace, metadata))
        return {outer: sorted(inner, key=lambda row: row.checkpoint_id) for outer, inner in rows.items()}

    def calling_id(self, thread_id: str, namespace: str, checkpoint_id: str) -> str | None:
        saved = self._checkpoints(thread_id, namespace).get(checkpoint_id)
        return None if saved is None else outer_id(self._saver.serde.loads_typed(saved[1]))

    def task_marks(self, thread_id: str, namespace: str = "") -> Marks:
        idents = list(self._checkpoints(thread_id, namespace))
        channels = [(ident, write[1]) for ident in idents for write in self._writes(thread_id, namespace, ident)]
        asked, failed = (frozenset(ident for ident, name in channels if name == mark) for mark in MARKS)
        return Marks(asked, failed)

    def marked_writes(
        self, thread_id: str, ids: Collection[str], namespace: str = ""
    ) -> dict[str, list[tuple[str, Any]]]:
        marked: dict[str, list[tuple[str, Any]]] = {}
        for ident in ids:
            # By task, as in a database, so that a copy elsewhere tells the same in the same order.
            written = self._saver.writes.get((thread_id, namespace, ident), {})
            for _, channel, value, _ in map(written.__getitem__, sorted(written)):
                if channel in MARKS:
                    marked.setdefault(ident, []).append((channel, readable_value(self._saver.serde, *value)))
        return marked

    def state_sizes(self, thread_id: str, ids: Collection[str], namespace: str = "") -> dict[str, int]:
        saved = self._checkpoints(thread_id, namespace)
        return {ident: self._state_size(thread_id, namespace, saved[ident][0]) for ident in ids if ident in saved}

    def thread_sizes(self, thread_ids: Sequence[str]) -> dict[str, ThreadSize]:
        counts = dict.fromkeys(thread_ids, 0)
        sizes = dict.fromkeys(thread_ids, 0)
        for thread_id in thread_ids:
            for checkpoints in list(self._saver.storage.get(thread_id, {}).values()):
                counts[thread_id] += len(checkpoints)
                rows = list(checkpoints.values())
                sizes[thread_id] += sum(len(state[1]) + len(metadata[1]) for state, metadata, _ in rows)
        for key, writes in self._saver.writes.copy().items():
            if key[0] in sizes:
                sizes[key[0]] += sum(len(value[1]) for _, _, value, _ in list(writes.values()))
        for name, blob in self._saver.blobs.copy().items():
            if name[0] in sizes:
                sizes[name[0]] += len(blob[1])
        return {thread_id: ThreadSize(counts[thread_id], sizes[thread_id]) for thread_id in thread_ids}

    def storage_size(self) -> StorageSize:
        sizes = self.thread_sizes(list(self._saver.storage)).values()
        return StorageSize(sum(size.bytes for size in sizes), 0)

    def open_rows(self, connection: Connection, serde: SerializerProtocol | None) -> OpenRows:
        # Of the same memory, but it decodes otherwise, and makes no summaries as it saves.
        saver = InMemorySaver(serde=serde or self._saver.serde)
        saver.storage, saver.writes, saver.blobs = self._saver.storage, self._saver.writes, self._saver.blobs
        return OpenRows(connection, saver, MemoryRows(self._saver))

    def discard(self, thread_id: str) -> None:
        self._saver.delete_thread(thread_id)

    def _checkpoints(self, thread_id: str, namespace: str) -> Mapping[str, Any]:
        # Looked up without making an entry, which the library's own dict would.
        return self._saver.storage.get(thread_id, {}).get(namespace, {})

    def _without_states(self, thread_id: str, namespace: str) -> list[tuple[str, str | None, Mapping[str, Any]]]:
        rows = sorted(dict(self._checkpoints(thread_id, namespace)).items())
        return [(ident, parent, self._saver.serde.loads_typed(metadata)) for ident, (_, metadata, parent) in rows]

    def _writes(self, thread_id: str, namespace: str, checkpoint_id: str) -> list[Any]:
        return list(self._saver.writes.get((thread_id, namespace, checkpoint_id), {}).values())

    def _state_size(self, thread_id: str, namespace: str, saved: tuple[str, bytes]) -> int:
        versions = self._saver.serde.loads_typed(saved)["channel_versions"].items()
        values = (self._saver.blobs.get((thread_id, namespace, *version)) for version in versions)
        return len(saved[1]) + sum(len(value[1]) for value in values if value)


class MemoryRows:
    """The `ThreadRows` of a checkpointer in memory."""

    def __init__(self, saver: InMemorySaver) -> None:
        self._saver = saver

    def links(self, thread_id: str) -> list[Link]:
        spaces = self._saver.storage.get(thread_id, {})
        links = [
            Link(namespace, ident, parent, self._saver.serde.loads_typed(metadata))
            for namespace, checkpoints in spaces.copy().items()
            for ident, (_, metadata, parent) in checkpoints.copy().items()
        ]
        return sorted(links, key=lambda link: link.checkpoint_id)

    def writes(self, thread_id: str, namespace: str, checkpoint_id: str) -> list[Write]:
        saved = self._saver.writes.get((thread_id, namespace, checkpoint_id), {})
        writes = [
            Write(task_id, path, number, channel, *value)
            for (task_id, number), (_, channel, value, path) in saved.copy().items()
        ]
        return sorted(writes, key=lambda write: (write.task_path, write.task_id, write.number))

    def add_writes(self, thread_id: str, namespace: str, checkpoint_id: str, writes: Sequence[Write]) -> None:
        for write in writes:
            value = (write.task_id, write.channel, (write.kind, write.data), write.task_path)
            self._saver.writes[thread_id, namespace, checkpoint_id][write.task_id, write.number] = value

    def count_writes(self, thread_id: str) -> int:
        return sum(len(writes) for key, writes in self._saver.writes.copy().items() if key[0] == thread_id)

    def copy(self, source: str, target: str) -> None:
        # The bytes themselves never change, so that the copy may share them.
        for namespace, checkpoints in self._saver.storage.get(source, {}).copy().items():
            self._saver.storage[target][namespace] = dict(checkpoints)
        for key, writes in self._saver.writes.copy().items():
            if key[0] == source:
                self._saver.writes[target, key[1], key[2]] = dict(writes)
        for name, value in self._saver.blobs.copy().items():
            if name[0] == source:
                self._saver.blobs[target, *name[1:]] = value

    def drop(self, thread_id: str, gone: Sequence[Link]) -> None:
        spaces = self._saver.storage.get(thread_id, {})
        for link in gone:
            self._saver.writes.pop((thread_id, link.namespace, link.checkpoint_id), None)
            spaces[link.namespace].pop(link.checkpoint_id)
        used = {
            (thread_id, namespace, *version)
            for namespace, checkpoints in spaces.items()
            for checkpoint, _, _ in checkpoints.values()
            for version in self._saver.serde.loads_typed(checkpoint)["channel_versions"].items()
        }
        for name in [name for name in list(self._saver.blobs) if name[0] == thread_id and name not in used]:
            del self._saver.blobs[name]

    def drop_task_writes(self, thread_id: str, ids: Collection[str]) -> None:
        for ident in ids:
            writes = self._saver.writes.get((thread_id, "", ident), {})
            for key in [key for key in writes if key[0] != NULL_TASK_ID]:
                del writes[key]
