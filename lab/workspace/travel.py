"""Going on from an earlier checkpoint: replay, fork, another answer, what-if, rewind."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Unpack

from langgraph.types import StateSnapshot
from pydantic import ValidationError

from graphs.pattern import Mend, Rewind
from lab.checkpoints import checkpoint_config, checkpoint_id_of
from lab.errors import NotConfirmed, NothingToContinue, NotPossible, StaleAnswer, Unreadable
from lab.events import EventLog, WentBack
from lab.history import answered, check_answers, pending_questions, read_rows, read_tree, to_snapshot
from lab.jsonable import Json
from lab.runs import ContinueRequest, ReanswerRequest, ReplayRequest, WhatIfRequest
from lab.state import Change, diff_states, node_metadata
from lab.threads import Thread
from lab.workspace.access import ThreadAccess
from lab.workspace.decisions import decide_answers, decide_at_pause
from lab.workspace.editing import StateEdit, StateEditor
from lab.workspace.edits import edited_by, rewound
from lab.workspace.launching import Launcher, RunOptions
from lab.workspace.permissions import answers_of
from lab.workspace.states import must_remember


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


@dataclass(frozen=True, slots=True)
class Damage:
    """Why a thread's newest state can't be read, and the checkpoint from which it can be mended."""

    parent_id: str
    node: str | None
    """The node that wrote what can't be read; None where it was the input."""
    reasons: Mapping[str, str]
    """By field, what its type has against the value; empty where the types aren't what is wrong."""


class Travel:
    """Ways to go on from an earlier checkpoint; none of them changes what was saved."""

    def __init__(self, access: ThreadAccess, launcher: Launcher) -> None:
        self._access = access
        self._launcher = launcher
        self._editor = StateEditor(access)
        self._engine = access.engine

    def ahead(self, thread_id: str, checkpoint_id: str, following: Sequence[str] | None = None) -> Ahead:
        """Tell what would run, and run again, from a checkpoint; raises UnknownCheckpoint.

        `following` are the nodes that an edit there would make the next ones.
        """
        thread = self._access.find(thread_id)
        there = self._access.state_at(thread, checkpoint_id)
        return self._way(thread, there.next if following is None else tuple(following))

    def after_answer(self, thread_id: str, nodes: Sequence[str]) -> Ahead:
        """Tell what may run once the questions of these nodes are answered, the nodes themselves first."""
        return self._way(self._access.find(thread_id), tuple(nodes))

    def _way(self, thread: Thread, first: tuple[str, ...]) -> Ahead:
        drawing = self._engine.graphs.drawing(thread.pattern, thread.lane)
        after: dict[str, list[str]] = {}
        for edge in drawing.edges:
            after.setdefault(edge.source, []).append(edge.target)
        # A subgraph's nodes are drawn instead of the node that calls it.
        named = [name for name in drawing.nodes if name.partition(":")[0] in first]
        way = list(named)
        for name in way:
            way += [target for target in after.get(name, ()) if target not in way]
        effects = {name: _effects(drawing.nodes[name].metadata) for name in way if name in drawing.nodes}
        own = node_metadata(self._engine.graphs.reading_of(thread))
        effects |= {name: _effects(own.get(name)) for name in dict.fromkeys(name.partition(":")[0] for name in way)}
        nodes = [name for name in way if name not in named and not name.startswith("__")]
        return Ahead(
            tuple(name for name in first if name != "__start__"),
            tuple(nodes),
            {name: declared for name, declared in effects.items() if declared},
        )

    def preview(self, thread_id: str, checkpoint_id: str, edit: StateEdit) -> Preview:
        """Return the state that an edit would make, and the node that would run next, without saving it.

        Raises InvalidInput, NotPossible, UnknownCheckpoint.
        """
        opened = self._access.open(thread_id)
        snapshot = opened.state_at(checkpoint_id)
        drafted, _ = self._editor.draft(opened, snapshot, edit)
        after = to_snapshot(drafted.snapshot)
        return Preview(
            after.values,
            diff_states(to_snapshot(snapshot).values, after.values, self._access.reducers(opened.thread)),
            after.next,
        )

    def fork(
        self,
        thread_id: str,
        checkpoint_id: str,
        edit: StateEdit,
        *,
        run: bool = False,
        **options: Unpack[RunOptions],
    ) -> str:
        """Save an edit of a checkpoint's state as a branch of its own and return the new checkpoint's id.

        With `run` the thread goes on from there, else it stays paused. Raises InvalidInput, NotPossible,
        ThreadBusy, UnknownCheckpoint.
        """
        opened = self._access.open(thread_id)
        must_remember(opened.lane)
        request = ContinueRequest(**self._launcher.conditions(opened.thread, options, edit.label))
        with self._access.claimed(thread_id, runs=run) as claim:
            snapshot = opened.state_at(checkpoint_id)
            # What a run is refused for must not leave its edit behind.
            work = self._launcher.work(request, snapshot.values) if run else None
            labelled = replace(edit, label=request.label)
            edited = self._editor.save(opened, snapshot, labelled, "fork", self._launcher.acting(options))
            _tell_return(opened.log, snapshot)
            opened.log.append(edited)
            if work is not None and opened.graph.get_state(checkpoint_config(thread_id, edited.checkpoint_id)).next:
                self._launcher.launch(claim, opened, request, None, work)
        return edited.checkpoint_id

    def replay(
        self,
        thread_id: str,
        checkpoint_id: str,
        *,
        label: str = "",
        confirmed: bool = False,
        **options: Unpack[RunOptions],
    ) -> None:
        """Run everything after a checkpoint again, as a branch of its own.

        What may act outside the state again runs only if that is `confirmed`. Raises NotConfirmed, NothingToContinue,
        NotPossible, ThreadBusy, UnknownCheckpoint.
        """
        opened = self._access.open(thread_id)
        must_remember(opened.lane)
        request = ReplayRequest(**self._launcher.conditions(opened.thread, options, label), checkpoint_id=checkpoint_id)
        with self._access.claimed(thread_id, runs=True) as claim:
            snapshot = opened.state_at(checkpoint_id)
            if not snapshot.next:
                raise NothingToContinue
            if not confirmed and (effects := self._way(opened.thread, snapshot.next).effects):
                raise NotConfirmed(effects)
            work = self._launcher.work(request, snapshot.values)
            _tell_return(opened.log, snapshot)
            decisions = [decide_at_pause(opened.thread, snapshot, "replay", self._launcher.acting(options))]
            self._launcher.launch(claim, opened, request, None, work, decisions)

    def reanswer(
        self,
        thread_id: str,
        checkpoint_id: str,
        answers: Mapping[str, Json],
        *,
        label: str = "",
        **options: Unpack[RunOptions],
    ) -> None:
        """Ask a checkpoint's questions again and answer them anew, as a branch of its own.

        `answers` are by the ids of the questions as they were asked there. Where a question turns out to be another
        one this time, the thread waits for an answer to it. Raises StaleAnswer, NotAllowed, InvalidInput, NotPossible,
        ThreadBusy, UnknownCheckpoint.
        """
        opened = self._access.open(thread_id)
        must_remember(opened.lane)
        person = self._launcher.acting(options)
        with self._access.claimed(thread_id, runs=True) as claim:
            snapshot = opened.state_at(checkpoint_id)
            asked = {question.id: question for question in pending_questions(snapshot, opened.tools)}
            if not answers or not set(answers) <= set(asked):
                raise StaleAnswer
            answers = answers_of([asked[ident] for ident in answers], answers, person)
            check_answers([asked[ident] for ident in answers], answers)
            request = ReanswerRequest(
                **self._launcher.conditions(opened.thread, options, label), checkpoint_id=checkpoint_id, answers=answers
            )
            work = self._launcher.work(request, snapshot.values)
            _tell_return(opened.log, snapshot)
            said = [answered(asked[ident], answer) for ident, answer in answers.items()]
            decisions = decide_answers(opened, snapshot, answers, "reanswer", person)
            self._launcher.launch(claim, opened, request, said, work, decisions)

    def what_if(
        self,
        thread_id: str,
        checkpoint_id: str,
        edit: StateEdit,
        **options: Unpack[RunOptions],
    ) -> None:
        """Run a checkpoint's rest twice, as it was and with an edit, as two branches to compare.

        Raises InvalidInput, NothingToContinue, NotPossible, ThreadBusy, UnknownCheckpoint.
        """
        opened = self._access.open(thread_id)
        must_remember(opened.lane)
        edit = edit if edit.label.strip() else replace(edit, label="what if")
        with self._access.claimed(thread_id, runs=True) as claim:
            snapshot = opened.state_at(checkpoint_id)
            if not snapshot.next:
                raise NothingToContinue
            # What a run is refused for must not leave its edit behind.
            self._launcher.work(ContinueRequest(**self._launcher.conditions(opened.thread, options)), snapshot.values)
            edited = self._editor.save(opened, snapshot, edit, "fork", self._launcher.acting(options))
            request = WhatIfRequest(
                **self._launcher.conditions(opened.thread, options, edit.label),
                checkpoint_id=checkpoint_id,
                step=(snapshot.metadata or {}).get("step", -1),
                edit=edited,
            )
            work = self._launcher.work(request, snapshot.values)
            _tell_return(opened.log, snapshot)
            self._launcher.launch(claim, opened, request, None, work)

    def damage(self, thread_id: str) -> Damage | None:
        """Tell why the thread's newest state can't be read and from where it can be mended; None where it can be read.

        Nor is there anything to tell where no checkpoint before it can be read.
        """
        opened = self._access.open(thread_id)
        tree = read_tree(self._engine.graphs.storage_of(opened.thread), thread_id)
        way = tree.lineage(tree.head) if tree.head else ()
        reasons: Mapping[str, str] = {}
        for parent, child in reversed(list(pairwise(way))):
            try:
                opened.state_at(child.checkpoint_id)
            except Unreadable as error:
                reasons = _by_field(error.__cause__)
            else:
                return None
            with suppress(Unreadable):
                opened.state_at(parent.checkpoint_id)
                storage = self._engine.graphs.storage_of(opened.thread)
                (row,) = read_rows(storage, thread_id, [child.checkpoint_id], tree)
                return Damage(parent.checkpoint_id, row.ran[0] if len(row.ran) == 1 else None, reasons)
        return None

    def mend(self, thread_id: str, values: Mapping[str, Json], **options: Unpack[RunOptions]) -> str:
        """Fork from the parent of a state that can't be read, as the node that wrote it, and go on from there.

        Raises NotPossible where the state can be read or nothing before it can, and what `fork` raises.
        """
        damage = self.damage(thread_id)
        if damage is None:
            raise NotPossible(
                "There is nothing to mend: a thread is mended whose newest state can't be read, and whose "
                "state before that can. Fork from the checkpoint that you mean."
            )
        travel = self._access.open(thread_id).lane.travel
        trail = travel.trail if isinstance(travel, Mend) else ""
        corrected = ", ".join(f"{name} corrected to {value}" for name, value in values.items())
        line = {trail: [f"{damage.node or 'input'}: {corrected}"]} if trail and values else {}
        if damage.node is None:
            edit = StateEdit(values, {}, label="mended", note=line)
        else:
            edit = StateEdit({**values, **line}, dict.fromkeys(line, "append"), as_node=damage.node, label="mended")
        return self.fork(thread_id, damage.parent_id, edit, run=True, **options)

    def rewind(
        self,
        thread_id: str,
        checkpoint_id: str,
        **options: Unpack[RunOptions],
    ) -> None:
        """Write an old checkpoint's values over the newest one's and go on: the mistake, for lanes that show it.

        Raises NotPossible elsewhere, ThreadBusy, UnknownCheckpoint.
        """
        opened = self._access.open(thread_id)
        if not isinstance(opened.lane.travel, Rewind):
            raise NotPossible(
                "Writing old values over new ones is no way back: reducers take them as further values, and nothing "
                "runs again. Replay the checkpoint, or fork it with an edit."
            )
        request = ContinueRequest(**self._launcher.conditions(opened.thread, options))
        with self._access.claimed(thread_id, runs=True) as claim:
            work = self._launcher.work(request, {})
            snapshot = opened.state_at(checkpoint_id)
            old = dict(snapshot.values)
            config = self._engine.config(thread_id, opened.pattern.slug, opened.lane.key, self._access.workspace)
            ident, calls = rewound(
                opened.graph, opened.lane.travel.write, config, checkpoint_config(thread_id, checkpoint_id)
            )
            edited = edited_by(ident, old, calls)
            opened.log.append(edited)
            decisions = [decide_at_pause(opened.thread, snapshot, "rewind", self._launcher.acting(options))]
            self._launcher.launch(claim, opened, request, None, work, decisions)


def _by_field(error: BaseException | None) -> Mapping[str, str]:
    if not isinstance(error, ValidationError):
        return {}
    wrong = error.errors(include_url=False, include_context=False)
    return {str(one["loc"][0]): f"{one['msg']}, and not {one['input']!r}" for one in wrong if one["loc"]}


def _tell_return(log: EventLog, snapshot: StateSnapshot) -> None:
    ident = checkpoint_id_of(snapshot.config)
    step = (snapshot.metadata or {}).get("step", -1)
    log.append(WentBack(ident, step))


def _effects(metadata: Mapping[str, Any] | None) -> tuple[str, ...]:
    effects = (metadata or {}).get("effects", ())
    return tuple(str(effect) for effect in effects)
