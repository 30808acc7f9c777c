"""Drives an example through the lab to its end, as a visitor would, and tells what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from langchain_core.messages import convert_to_messages

from graphs.catalogue import CATALOGUE, find
from graphs.pattern import Comparison, Example, Lane, Pattern, Step
from graphs.people import PEOPLE
from lab.checkpoints import thread_config
from lab.events import Message, ThreadView
from lab.history import read_state
from lab.jsonable import Json
from lab.lab import Lab
from lab.threads import Thread
from lab.workspace import ExamplePlayer, LanePlay, NextStep, Workspace
from tests.support.expiring import pass_deadlines


@dataclass(frozen=True, slots=True)
class Played:
    """What came of an example in one lane."""

    thread_id: str
    values: dict[str, Any]
    """The state's real objects; of a lane without memory, what its nodes wrote last."""
    status: str
    error: str | None
    failed_node: str | None
    visited: list[str]
    ledger: list[dict[str, Any]]
    outbox: list[dict[str, Any]]
    archive: list[dict[str, Any]]
    records: list[dict[str, Any]]
    asked: list[Json]
    custom: list[tuple[str, Json]]
    answers: list[str]
    beside: list[dict[str, Any]]
    """The states of the further threads that the example ran beside this one."""
    outcome: str
    """The line in which the lane says what came out."""


class Play(Protocol):
    """Plays an example, by number or by value, in one lane of a pattern."""

    def __call__(self, slug: str, lane_key: str, example: Example | int) -> Played:
        """Return what came of it."""
        ...


def player(lab: Lab) -> Play:
    """Make a player on that lab."""

    def play(slug: str, lane_key: str, example: Example | int) -> Played:
        chosen = find(slug).examples[example] if isinstance(example, int) else example
        workspace = lab.workspace("tests")
        thread_id, *beside = play_steps(workspace, slug, lane_key, chosen)
        return _played(lab, workspace, thread_id, beside)

    return play


def play_steps(workspace: Workspace, slug: str, lane_key: str, example: Example) -> list[str]:
    """Play an example in one lane to its end; return its thread, and after it those that it compares with."""
    playing = begun(workspace, slug, lane_key, example)
    taken = [one for step in iter(playing.take_next, None) for one in step.steps]
    assert tuple(taken) == example.steps.get(lane_key, ())
    return [playing.thread.thread_id, *playing.compared()]


@dataclass(frozen=True, slots=True)
class Playing:
    """An example that is played in one lane, step by step."""

    workspace: Workspace
    player: ExamplePlayer
    thread: Thread
    example: Example

    def look(self) -> LanePlay:
        """Tell what comes next."""
        return self.player.look(self.thread)

    def take_next(self) -> NextStep | None:
        """Do what comes next and wait for the rest after it; None where the example has ended."""
        looked = self.look()
        assert not looked.working
        assert not looked.problem
        if looked.step is not None and looked.step.until:
            pass_deadlines(self.workspace)
        elif looked.step is not None:
            self.player.take(looked.step, pace=0, person=PEOPLE[0].name)
            for thread_id in (self.thread.thread_id, *self.compared()):
                ended(self.workspace, thread_id)
        return looked.step

    def compared(self) -> list[str]:
        """Return the further threads that the example has run."""
        steps = [step for step in self.example.steps.get(self.thread.lane, ()) if isinstance(step, Comparison)]
        return [one.thread_id for step in steps for one in self.player.comparisons(self.thread, step)]


def begun(workspace: Workspace, slug: str, lane_key: str, example: Example) -> Playing:
    """Start an example in one lane and wait for its first rest."""
    pattern = find(slug)
    player = ExamplePlayer(workspace, replace(pattern, lanes=(pattern.lane(lane_key),)), example)
    (thread,) = player.start(pace=0)
    ended(workspace, thread.thread_id)
    return Playing(workspace, player, thread, example)


def approved_expense(workspace: Workspace) -> str:
    """Return the thread of a conference ticket that a manager has approved."""
    example = find("expense-approval").examples[1]
    return play_steps(workspace, "expense-approval", "dynamic", example)[0]


def examples_that(*do: type[Step]) -> list[tuple[Pattern, Lane, Example]]:
    """Return the examples, by lane, that have a step of one of these kinds there."""
    return [
        (pattern, lane, example)
        for pattern in CATALOGUE
        for lane in pattern.lanes
        for example in pattern.examples
        if any(isinstance(step, do) for step in example.steps.get(lane.key, ()))
    ]


def example_id(pattern: Pattern, lane: Lane, example: Example) -> str:
    """Return what a test of an example in a lane is called."""
    return f"{pattern.slug}-{lane.key}-{example.label}"


def before(workspace: Workspace, thread_id: str, node: str) -> str:
    """Return the checkpoint from which this node ran first."""
    return next(row.checkpoint_id for row in workspace.history.page(thread_id, limit=200).rows if node in row.next)


def ended(workspace: Workspace, thread_id: str) -> None:
    """Wait until the thread's run has ended."""
    assert workspace.wait(thread_id, 60), "the run didn't end"


def _played(lab: Lab, workspace: Workspace, thread_id: str, beside: Sequence[str]) -> Played:
    view = workspace.view(thread_id)
    view.catch_up()
    thread = workspace.threads.find(thread_id)
    lane = find(thread.pattern).lane(thread.lane)
    failed = [step for step in view.steps if step.status == "failed"]
    return Played(
        thread_id=thread_id,
        values=_saved(lab, thread_id) if lane.remembers else _written(view),
        status=workspace.history.status(thread_id),
        error=(failed[-1].error if failed else view.runs[-1].error) or None,
        failed_node=failed[-1].path[-1] if failed else None,
        visited=_visited(view),
        ledger=workspace.threads.business("ledger", [thread_id]),
        outbox=workspace.threads.business("outbox", [thread_id]),
        archive=workspace.threads.business("archive", [thread_id]),
        records=workspace.threads.business("records", [thread_id]),
        asked=[asked["value"] for step in view.steps for asked in step.asked],
        custom=[(step.path[-1], data) for step in view.steps for data in step.progress],
        answers=[item.text for item in view.items if isinstance(item, Message)],
        beside=[_saved(lab, other) for other in beside],
        outcome=workspace.history.outcome(thread_id),
    )


def _saved(lab: Lab, thread_id: str) -> dict[str, Any]:
    graph = lab.graphs.reading_of(lab.workspace("tests").threads.find(thread_id))
    return dict(read_state(graph, thread_config(thread_id)).values)


def _written(view: ThreadView) -> dict[str, Any]:
    """Return what the last run's nodes wrote, messages as message objects again."""
    last: dict[str, Any] = {}
    for step in view.steps:
        if isinstance(step.wrote, dict) and step.started >= view.runs[-1].started:
            last |= step.wrote
    if "messages" in last:
        last["messages"] = convert_to_messages(
            [{"role": said["role"], "content": said["text"]} for said in last["messages"]]
        )
    return last


def _visited(view: ThreadView) -> list[str]:
    begun = [(span[0], step.path[-1]) for step in view.steps for span in step.spans]
    return [name for _, name in sorted(begun, key=lambda found: found[0])]
