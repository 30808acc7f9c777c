"""What the tests of the checkpointers' pattern share: its lanes, and a thread that is told a name and asked for it."""

from lab.events import SaverDropped
from lab.jsonable import Json
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.example_player import Played, ended, player

KEPT = ("sqlite", "postgresql")
"""Lanes that outlive their checkpointer."""
RECALL, BOTH_SIDES, NO_RESTART, NEVER_TOLD = range(4)
NOTED = "Noted: your name is Alice. Lines rehearsed: 1; rehearsals: 4."
UNKNOWN = "I don't know your name: you haven't told it in this conversation."
SAYS: dict[str, Json] = {"message": "My name is Alice.", "rounds": 2}
ASKS: dict[str, Json] = {"message": "What is my name?", "rounds": 2}


def lanes(lab: Lab) -> list[str]:
    return [lane.key for lane in lab.graphs.offered("checkpointers").lanes]


def played(lab: Lab, number: int) -> dict[str, Played]:
    """Play an example in each lane that this lab has."""
    return {key: player(lab)("checkpointers", key, number) for key in lanes(lab)}


def told(lab: Lab, key: str, workspace: str = "tests") -> str:
    """Start a thread that is told a name."""
    thread = lab.workspace(workspace).start("checkpointers", key, SAYS, pace=0)
    ended(lab.workspace(workspace), thread.thread_id)
    return thread.thread_id


def asked(lab: Lab, thread_id: str, workspace: str = "tests") -> str:
    """Ask a thread for the name and return the answer's first sentence."""
    lab.workspace(workspace).turn(thread_id, ASKS, pace=0)
    ended(lab.workspace(workspace), thread_id)
    snapshot = lab.workspace(workspace).history.snapshot(thread_id)
    assert snapshot is not None
    return str(snapshot.values["messages"][-1]["text"]).partition(" Lines")[0]


def restarts(workspace: Workspace, thread_id: str) -> list[SaverDropped]:
    return [event for event in workspace.events(thread_id) if isinstance(event, SaverDropped)]
