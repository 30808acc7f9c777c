"""Going back in a thread: what would run again, replay, fork with an edit, another answer, and what if."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

from langgraph.graph import START
from langgraph.types import Overwrite, StateSnapshot

from graphs.pattern import Fork, Rewind
from lab.errors import InvalidInput, NothingToContinue, NotPossible, StaleAnswer
from lab.events import EventLog, StateEdited, WentBack
from lab.history import answered, pending_questions, to_snapshot
from lab.jsonable import Json
from lab.state import Change, How, check_answer, diff_states, must_be_input, preview, rebuild
from lab.threads import Thread
from lab.types import Graph
from lab.workspace.edits import Draft, draft, edited_by, rewound
from lab.workspace.owned import RunOptions
from lab.workspace.reading import Reading


@dataclass(frozen=True, slots=True)
class Ahead:
    """What runs when a thread goes on from a checkpoint."""

    next: tuple[str, ...]
    """The nodes that run first."""
    later: tuple[str, ...]
    """Those that may run after them."""
    effects: Mapping[str, tuple[str, ...]]
    """By node of either, what it does outside the state: in which tables it books, what it sends."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an edit would leave behind."""

    values: dict[str, Json]
    changes: tuple[Change, ...]
    next: tuple[str, ...]


class Travelling(Reading):
    """The ways back in a workspace's threads, none of which changes what was saved."""

    def ahead(self, thread_id: str, checkpoint_id: str, following: Sequence[str] | None = None) -> Ahead:
        """Tell what would run, and run again, from a checkpoint; raises UnknownCheckpoint.

        `following` are the nodes that an edit there would make the next ones.
        """
        thread = self._thread(thread_id)
        there = self._there(thread, checkpoint_id)
        first = there.next if following is None else tuple(following)
        drawing = self._engine.drawing(thread.pattern, thread.lane)
        after: dict[str, list[str]] = {}
        for edge in drawing.edges:
            after.setdefault(edge.source, []).append(edge.target)
        # A subgraph's nodes are drawn instead of the node that calls it.
        named = [name for name in drawing.nodes if name.partition(":")[0] in first]
        way = list(named)
        for name in way:
            way += [target for target in after.get(name, ()) if target not in way]
        effects = {name: _effects(drawing.nodes[name].metadata) for name in way if name in drawing.nodes}
        nodes = [name for name in way if name not in named and not name.startswith("__")]
        return Ahead(
            tuple(name for name in first if name != "__start__"),
            tuple(nodes),
            {name: found for name, found in effects.items() if found},
        )

    def preview(
        self,
        thread_id: str,
        checkpoint_id: str,
        values: Mapping[str, Any],
        how: Mapping[str, How],
        as_node: str | None = None,
    ) -> Preview:
        """Return the state that an edit would make, and the node that would run next, without saving it.

        `values` are a form's, `how` says of each field with a reducer whether they are appended or replace. What was
        next stays next; with `as_node` the edges behind that node decide, with `__start__` those behind the input.
        Raises InvalidInput, NotPossible, UnknownCheckpoint.
        """
        thread, _, _, graph, _ = self._open(thread_id)
        snapshot = self._there(thread, checkpoint_id)
        drafted, _ = self._drafted(thread, graph, snapshot, values, how, as_node)
        after = to_snapshot(drafted.snapshot)
        return Preview(
            after.values, diff_states(to_snapshot(snapshot).values, after.values, self._reducers(thread)), after.next
        )

    def fork(
        self,
        thread_id: str,
        checkpoint_id: str,
        values: Mapping[str, Any],
        how: Mapping[str, How],
        *,
        as_node: str | None = None,
        label: str = "",
        run: bool = False,
        **going: Unpack[RunOptions],
    ) -> str:
        """Save an edit of a checkpoint's state as a branch of its own and return the new checkpoint's id.

        With `run` the thread goes on from there, else it stays paused. Raises InvalidInput, NotPossible,
        ThreadBusy, UnknownCheckpoint.
        """
        thread, pattern, lane, graph, log = self._open(thread_id)
        self._must_remember(lane)
        request = self._request(thread, "continue", {}, going, label=label)
        with self._claimed(thread_id, runs=run) as claim:
            snapshot = self._there(thread, checkpoint_id)
            apart = run and self._must_run_apart(pattern, snapshot.values)
            if run:
                # What a run is refused for must not leave its edit behind.
                self._work(request, apart=apart)
            edited = self._save_edit(thread, graph, snapshot, values, how, as_node, request.label)
            _went_back(log, snapshot)
            log.append(lambda no: edited._replace(no=no))
            if run and graph.get_state(_at(thread_id, edited.checkpoint_id)).next:
                self._launch(claim, thread, request, None, log, apart=apart)
        return edited.checkpoint_id

    def replay(
        self,
        thread_id: str,
        checkpoint_id: str,
        *,
        label: str = "",
        **going: Unpack[RunOptions],
    ) -> None:
        """Run everything after a checkpoint again, as a branch of its own.

        Raises NothingToContinue, NotPossible, ThreadBusy, UnknownCheckpoint.
        """
        thread, pattern, lane, _, log = self._open(thread_id)
        self._must_remember(lane)
        request = self._request(thread, "replay", {}, going, label=label, checkpoint_id=checkpoint_id)
        with self._claimed(thread_id, runs=True) as claim:
            snapshot = self._there(thread, checkpoint_id)
            if not snapshot.next:
                raise NothingToContinue
            apart = self._must_run_apart(pattern, snapshot.values)
            _went_back(log, snapshot)
            self._launch(claim, thread, request, None, log, apart=apart)

    def reanswer(
        self,
        thread_id: str,
        checkpoint_id: str,
        answers: Mapping[str, Json],
        *,
        label: str = "",
        **going: Unpack[RunOptions],
    ) -> None:
        """Ask a checkpoint's questions again and answer them anew, as a branch of its own.

        `answers` are by the ids of the questions as they were asked there. Where a question turns out to be another
        one this time, the thread waits for an answer to it. Raises StaleAnswer, InvalidInput, NotPossible,
        ThreadBusy, UnknownCheckpoint.
        """
        thread, pattern, lane, _, log = self._open(thread_id)
        self._must_remember(lane)
        request = self._request(thread, "reanswer", answers, going, label=label, checkpoint_id=checkpoint_id)
        with self._claimed(thread_id, runs=True) as claim:
            snapshot = self._there(thread, checkpoint_id)
            asked = {question.id: question for question in pending_questions(snapshot)}
            if not answers or not set(answers) <= set(asked):
                raise StaleAnswer
            for ident, answer in answers.items():
                check_answer(asked[ident].schema, answer)
            apart = self._must_run_apart(pattern, snapshot.values)
            _went_back(log, snapshot)
            said = [answered(asked[ident], answer) for ident, answer in answers.items()]
            self._launch(claim, thread, request, said, log, apart=apart)

    def what_if(
        self,
        thread_id: str,
        checkpoint_id: str,
        values: Mapping[str, Any],
        how: Mapping[str, How],
        *,
        as_node: str | None = None,
        label: str = "",
        **going: Unpack[RunOptions],
    ) -> None:
        """Run a checkpoint's rest twice, as it was and with an edit, as two branches to compare.

        Raises InvalidInput, NothingToContinue, NotPossible, ThreadBusy, UnknownCheckpoint.
        """
        thread, pattern, lane, graph, log = self._open(thread_id)
        self._must_remember(lane)
        label = label if label.strip() else "what if"
        with self._claimed(thread_id, runs=True) as claim:
            snapshot = self._there(thread, checkpoint_id)
            if not snapshot.next:
                raise NothingToContinue
            apart = self._must_run_apart(pattern, snapshot.values)
            self._work(self._request(thread, "continue", {}, going), apart=apart)
            edited = self._save_edit(thread, graph, snapshot, values, how, as_node, label)
            told = {"step": (snapshot.metadata or {}).get("step", -1), "edit": edited._asdict()}
            request = self._request(thread, "what-if", told, going, label=label, checkpoint_id=checkpoint_id)
            _went_back(log, snapshot)
            self._launch(claim, thread, request, None, log, apart=apart)

    def rewind(
        self,
        thread_id: str,
        checkpoint_id: str,
        **going: Unpack[RunOptions],
    ) -> None:
        """Write an old checkpoint's values over the newest one's and go on: the mistake, for lanes that show it.

        Raises NotPossible elsewhere, ThreadBusy, UnknownCheckpoint.
        """
        thread, pattern, lane, graph, log = self._open(thread_id)
        if not isinstance(lane.travel, Rewind):
            raise NotPossible(
                "Writing old values over new ones is no way back: reducers take them as further values, and nothing "
                "runs again. Replay the checkpoint, or fork it with an edit."
            )
        request = self._request(thread, "continue", {}, going)
        with self._claimed(thread_id, runs=True) as claim:
            self._work(request, apart=False)
            old = dict(self._there(thread, checkpoint_id).values)
            config = self._engine.config(thread_id, pattern.slug, lane.key, self.name)
            ident, calls = rewound(graph, lane.travel.write, config, _at(thread_id, checkpoint_id))
            edited = edited_by(ident, old, calls)
            log.append(lambda no: edited._replace(no=no))
            self._launch(claim, thread, request, None, log, apart=False)

    def _drafted(
        self,
        thread: Thread,
        graph: Graph,
        snapshot: StateSnapshot,
        values: Mapping[str, Any],
        how: Mapping[str, How],
        as_node: str | None,
        label: str = "",
    ) -> tuple[Draft, dict[str, Any]]:
        """Return the edit, not yet saved, and the values in the state's types.

        Raises InvalidInput, NotPossible where the edit would lose work.
        """
        if as_node is not None and as_node in snapshot.next and len(snapshot.next) > 1:
            raise NotPossible(
                f"The nodes {', '.join(snapshot.next)} are pending side by side. An edit as '{as_node}' would drop "
                "what the others wrote and skip the node that joins them. Leave what is next as it is, or go on first."
            )
        schema = self._engine.state_schema(thread.pattern, thread.lane)
        update = rebuild(schema, values, how)
        if not update:
            raise InvalidInput({"": "No field was changed. Change one first."})
        if as_node == START or (as_node is None and START in snapshot.next):
            must_be_input(self._engine.input_schema(thread.pattern, thread.lane), update)
        preview(schema, snapshot.values, update)
        config = self._engine.config(thread.thread_id, thread.pattern, thread.lane, self.name, label=label)
        config["configurable"] |= {
            "checkpoint_ns": "",
            "checkpoint_id": snapshot.config["configurable"]["checkpoint_id"],
        }
        config["metadata"] |= {"as_node": as_node} if as_node else {}
        reducers = self._reducers(thread)
        appended = [
            name for name, value in update.items() if reducers[name] != "none" and not isinstance(value, Overwrite)
        ]
        way = self._engine.lane(thread.pattern, thread.lane).travel
        write = way.write if isinstance(way, Fork) else None
        return draft(graph, config, update, as_node, appended, write), update

    def _save_edit(
        self,
        thread: Thread,
        graph: Graph,
        snapshot: StateSnapshot,
        values: Mapping[str, Any],
        how: Mapping[str, How],
        as_node: str | None,
        label: str = "",
    ) -> StateEdited:
        """Save the edit and return the event that tells of it."""
        drafted, update = self._drafted(thread, graph, snapshot, values, how, as_node, label)
        return edited_by(drafted.save(), update, drafted.calls)


def _at(thread_id: str, checkpoint_id: str) -> Any:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": "", "checkpoint_id": checkpoint_id}}


def _went_back(log: EventLog, snapshot: StateSnapshot) -> None:
    ident = snapshot.config["configurable"]["checkpoint_id"]
    step = (snapshot.metadata or {}).get("step", -1)
    log.append(lambda no: WentBack(no, time.time(), ident, step))


def _effects(metadata: Mapping[str, Any] | None) -> tuple[str, ...]:
    found = (metadata or {}).get("effects", ())
    return tuple(str(effect) for effect in found)
