"""Threads of several branches, and all that is saved of a thread or of a whole lab."""

from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from sqlalchemy import text

from graphs.pattern import Pattern
from lab.checkpoints import Storage
from lab.lab import Lab
from lab.threads import Thread, branch_heads
from lab.workspace import Workspace
from tests.support.toy_patterns import Hold, State, chain, done, lane, ran, toy

WORKSPACE = "w"


def thread_of(lab: Lab, thread_id: str) -> Thread:
    return lab.workspace(WORKSPACE).threads.find(thread_id)


def history(lab: Lab, thread_id: str) -> list[Any]:
    """Read all that LangGraph tells of a thread, newest first, without the thread's id."""
    thread = thread_of(lab, thread_id)
    reader = lab.graphs.reading(thread.pattern, thread.lane)
    with lab.storage.open_for_reading() as opened:
        spaces = sorted({link.namespace for link in opened.rows.links(thread_id)})
    places = [{"thread_id": thread_id} | ({"checkpoint_ns": space} if space else {}) for space in spaces]
    return [
        (
            snapshot.values,
            snapshot.next,
            snapshot.metadata,
            snapshot.created_at,
            repr([snapshot.config, snapshot.parent_config, snapshot.tasks]).replace(thread_id, "THREAD"),
            snapshot.interrupts,
        )
        for place in places
        for snapshot in reader.get_state_history({"configurable": place})
    ]


def rows(storage: Storage) -> dict[str, list[Any]]:
    """Read every row of every table and, in memory, every dictionary."""
    found: dict[str, list[Any]] = {}
    if isinstance(storage.saver, InMemorySaver):
        saver = storage.saver
        found["checkpoints"] = [(k, ns, i) for k, spaces in saver.storage.items() for ns in spaces for i in spaces[ns]]
        found["writes"] = [(key, sorted(writes)) for key, writes in saver.writes.items() if writes]
        found["blobs"] = list(saver.blobs)
    with storage.database.read() as connection:
        tables = ["lab_threads", "lab_notes", "lab_ledger", "lab_outbox", "lab_faults"]
        tables += {
            "memory": [],
            "sqlite": ["checkpoints", "writes"],
            "postgresql": ["checkpoints", "checkpoint_writes", "checkpoint_blobs"],
        }[storage.kind]
        for name in tables:
            found[name] = sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}"))))
    return found


def forked(lab: Lab, thread_id: str, checkpoint_id: str, **values: Any) -> str:
    """Make a branch with an edit at that checkpoint, let it run, and return its head."""
    thread = thread_of(lab, thread_id)
    reader = lab.graphs.reading(thread.pattern, thread.lane)
    config = lab.config(thread_id, thread.pattern, thread.lane, WORKSPACE)
    place = {"thread_id": thread_id, "checkpoint_ns": "", "checkpoint_id": checkpoint_id}
    edited = reader.update_state(config | {"configurable": place}, values)
    reader.invoke(None, edited, context=lab.world(thread_id))
    return str(reader.get_state(config).config["configurable"]["checkpoint_id"])


def at(lab: Lab, thread_id: str, step: int) -> str:
    """Return the first checkpoint of that step."""
    return next(row.checkpoint_id for row in lab.workspace(WORKSPACE).history.page(thread_id).rows if row.step == step)


def branched(lab: Lab) -> tuple[str, list[str]]:
    """Make a thread of four branches, one of them a fork of a fork, and return their heads, oldest first."""
    thread_id = ran(lab.workspace(WORKSPACE))
    first = str(branch_heads(lab.storage, thread_id)[0])
    second = forked(lab, thread_id, at(lab, thread_id, 1), done=["second"])
    third = forked(lab, thread_id, at(lab, thread_id, 2), done=["third"])
    inside = next(
        row.checkpoint_id
        for row in lab.workspace(WORKSPACE).history.page(thread_id).rows
        if row.parent_id == at(lab, thread_id, 1) and row.source == "update"
    )
    return thread_id, [first, second, third, forked(lab, thread_id, inside, done=["fourth"])]


def three_steps() -> Pattern:
    return toy(lane(chain(a=done("a"), b=done("b"), c=done("c"))), turns=True)


def lineage(lab: Lab, thread_id: str, head: str) -> list[str]:
    """Return a branch from its head back to the root."""
    parents = {
        row.checkpoint_id: row.parent_id for row in lab.workspace(WORKSPACE).history.page(thread_id, limit=1000).rows
    }
    way: list[str] = []
    found: str | None = head
    while found is not None:
        way.append(found)
        found = parents[found]
    return way


def own(lab: Lab) -> Workspace:
    """Return the workspace that has the threads."""
    return lab.workspace(WORKSPACE)


def holding(hold: Hold) -> Pattern:
    """Make a pattern that stays in the middle of its run."""

    def held(_: State) -> dict[str, Any]:
        hold()
        return {"done": ["held"]}

    return toy(lane(chain(held=held)))
