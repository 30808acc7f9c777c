"""In which storage a thread's checkpoints are, also where this version doesn't have its pattern."""

from lab.checkpoints import Storage
from lab.engine import Engine
from lab.threads import Thread
from lab.types import Graph


def is_known(engine: Engine, slug: str, lane_key: str) -> bool:
    """Return whether this version has that lane of that pattern."""
    pattern = engine.graphs.patterns.get(slug)
    return pattern is not None and any(lane.key == lane_key for lane in pattern.lanes)


def storage_of(engine: Engine, thread: Thread) -> Storage:
    """Return where a thread's checkpoints are; those of a lane that this version doesn't have are in the lab's."""
    known = is_known(engine, thread.pattern, thread.lane)
    return engine.graphs.storage_of(thread) if known else engine.storage


def is_shared(engine: Engine, storage: Storage) -> bool:
    """Return whether a thread's checkpoints are in the lab's own database, whichever checkpointer it has."""
    return storage.database is engine.storage.database


def graph_to_import(engine: Engine, slug: str, lane_key: str) -> Graph | None:
    """Return the graph of a lane; None where there is no such lane or it keeps nothing in the lab's database."""
    if not is_known(engine, slug, lane_key):
        return None
    lane = engine.graphs.lane(slug, lane_key)
    is_saved = lane.remembers and (not lane.saver or lane.saver.kind == engine.storage.kind != "memory")
    return engine.graphs.reading(slug, lane_key) if is_saved else None
