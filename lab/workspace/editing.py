"""Turns a form's values into an edit of a state: checked, drafted as a preview, and saved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from langgraph.graph import START
from langgraph.types import Overwrite, StateSnapshot

from graphs.pattern import Fork
from graphs.people import Person
from lab.checkpoints import at_checkpoint, checkpoint_id_of
from lab.database import add_decisions
from lab.errors import InvalidInput, NotPossible
from lab.events import StateEdited
from lab.history import pending_questions
from lab.state import How, must_be_input, preview, rebuild
from lab.workspace.access import OpenedThread, ThreadAccess
from lab.workspace.decisions import decide_at_pause
from lab.workspace.edits import Draft, draft, edited_by
from lab.workspace.permissions import must_be_allowed, refusal
from lab.workspace.storages import is_shared


@dataclass(frozen=True, slots=True)
class StateEdit:
    """What a person wants of a state."""

    values: Mapping[str, Any]
    """A form's, by field."""
    how: Mapping[str, How]
    """Of each field with a reducer, whether its values are appended or replace what is there."""
    as_node: str | None = None
    """The node behind whose edges the thread goes on, `__start__` for the input; None leaves what was next."""
    label: str = ""
    """The name of the branch that the edit makes."""
    note: Mapping[str, Any] = field(default_factory=dict)
    """What the lab adds to an edit of the input, through the fields' reducers: fields that the input itself hasn't."""


class StateEditor:
    """Drafts and saves edits of a workspace's threads."""

    def __init__(self, access: ThreadAccess) -> None:
        self._access = access
        self._engine = access.engine

    def draft(self, opened: OpenedThread, snapshot: StateSnapshot, edit: StateEdit) -> tuple[Draft, dict[str, Any]]:
        """Return the edit, not yet saved, and its values in the state's types.

        Raises InvalidInput, and NotPossible where the edit would lose work.
        """
        as_node = edit.as_node
        if as_node is not None and as_node in snapshot.next and len(snapshot.next) > 1:
            raise NotPossible(
                f"The nodes {', '.join(snapshot.next)} are pending side by side. An edit as '{as_node}' would drop "
                "what the others wrote and skip the node that joins them. Leave what is next as it is, or go on first."
            )
        slug, lane = opened.pattern.slug, opened.lane
        schema = self._engine.graphs.state_schema(slug, lane.key)
        update = rebuild(schema, edit.values, edit.how)
        if not update:
            raise InvalidInput({"": "No field was changed. Change one first."})
        if as_node == START or (as_node is None and START in snapshot.next):
            must_be_input(self._engine.graphs.input_schema(slug, lane.key), update)
        preview(schema, snapshot.values, update)
        config = self._engine.config(opened.thread_id, slug, lane.key, self._access.workspace, label=edit.label)
        config = at_checkpoint(config, checkpoint_id_of(snapshot.config))
        config["metadata"] |= {"as_node": as_node} if as_node else {}
        reducers = self._access.reducers(opened.thread)
        appended = [
            name for name, value in update.items() if reducers[name] != "none" and not isinstance(value, Overwrite)
        ]
        write = lane.travel.write if isinstance(lane.travel, Fork) else None
        drafted = draft(opened.graph, config, update, as_node, appended, write, edit.note)
        return drafted, {**update, **edit.note}

    def save(
        self,
        opened: OpenedThread,
        snapshot: StateSnapshot,
        edit: StateEdit,
        kind: Literal["edit", "fork"],
        person: Person,
    ) -> StateEdited:
        """Save somebody's edit, and in the same transaction the decision, and return the event that tells of it.

        Raises what `draft` raises, and NotAllowed where the edit goes past a question that isn't theirs to answer, or
        where none is of those that are asked there: what a question is about decides who may answer it.
        """
        drafted, update = self.draft(opened, snapshot, edit)
        asked = pending_questions(snapshot, opened.tools)
        allowed = [one for one in asked if refusal(one, person) is None]
        must_be_allowed([one for one in asked if not allowed or one.node not in drafted.snapshot.next], person)
        replaced = [name for name, value in update.items() if isinstance(value, Overwrite)]
        written = {"values": edit.values} | ({"replaced": replaced} if replaced else {})
        decision = decide_at_pause(opened.thread, snapshot, kind, person, written)
        storage, own = self._engine.graphs.storage_of(opened.thread), self._engine.storage
        if is_shared(self._engine, storage):
            with storage.open_for_writing() as rows:
                add_decisions(rows.connection, [decision])
                ident = drafted.save(rows)
        else:
            # Two databases have no transaction in common; what isn't saved in the other one takes this one back.
            with own.database.begin() as connection:
                add_decisions(connection, [decision])
                ident = drafted.save()
        return edited_by(ident, update, drafted.calls)
