"""Drives an example through the lab to its end, as a visitor would, and tells what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from langchain_core.messages import convert_to_messages

from graphs.catalogue import find
from graphs.pattern import (
    Comparison,
    Edit,
    Example,
    Fork,
    Go,
    Recover,
    Replay,
    Reply,
    Restart,
    Rewind,
    Step,
    Turn,
    WayBack,
)
from lab.checkpoints import thread_config
from lab.events import Message, ThreadView
from lab.jsonable import Json
from lab.lab import Lab
from lab.workspace import StateEdit, Workspace


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
    """Start an example and do its steps; return its thread, and after it those that it ran beside."""
    thread_id = workspace.start(slug, lane_key, example.input, pace=0, breakpoints=example.breakpoints).thread_id
    ended(workspace, thread_id)
    beside: list[str] = []
    for step in example.steps.get(lane_key, ()):
        if isinstance(step, Comparison):
            beside.append(workspace.start(slug, lane_key, step.input, pace=0).thread_id)
            ended(workspace, beside[-1])
            continue
        take(workspace, thread_id, step, example)
        ended(workspace, thread_id)
    return [thread_id, *beside]


def approved_expense(workspace: Workspace) -> str:
    """Return the thread of a conference ticket that a manager has approved."""
    example = find("expense-approval").examples[1]
    return play_steps(workspace, "expense-approval", "dynamic", example)[0]


def take(workspace: Workspace, thread_id: str, step: Step, example: Example) -> None:
    """Do one step of an example on the thread."""
    match step:
        case Reply(value, _):
            snapshot = workspace.history.snapshot(thread_id)
            assert snapshot is not None
            assert snapshot.questions, "nothing is asked"
            answers = {question.id: value for question in snapshot.questions}
            workspace.resume(thread_id, answers, snapshot.checkpoint_id, pace=0, breakpoints=example.breakpoints)
        case Edit(values, _):
            workspace.edit(thread_id, values)
        case Go():
            workspace.proceed(thread_id, pace=0, breakpoints=example.breakpoints)
        case Turn(values):
            workspace.turn(thread_id, values, pace=0, breakpoints=example.breakpoints)
        case Restart():
            workspace.restart(thread_id)
        case Recover():
            take_up = workspace.again if workspace.history.status(thread_id) == "new" else workspace.proceed
            take_up(thread_id, pace=0, breakpoints=example.breakpoints)
        case WayBack(to, values):
            go_back(workspace, thread_id, before(workspace, thread_id, to), values)
        case Comparison():
            raise AssertionError("Another thread is no step of this one.")


def before(workspace: Workspace, thread_id: str, node: str) -> str:
    """Return the checkpoint from which this node ran first."""
    return next(row.checkpoint_id for row in workspace.history.page(thread_id, limit=200).rows if node in row.next)


def go_back(workspace: Workspace, thread_id: str, checkpoint_id: str, values: Mapping[str, Json]) -> None:
    """Go back in a thread in the way that its lane is about."""
    thread = workspace.threads.find(thread_id)
    match find(thread.pattern).lane(thread.lane).travel:
        case Rewind():
            workspace.travel.rewind(thread_id, checkpoint_id, pace=0)
        case Replay():
            workspace.travel.replay(thread_id, checkpoint_id, pace=0)
        case Fork():
            workspace.travel.fork(thread_id, checkpoint_id, StateEdit(values, {}), run=True, pace=0)
        case _:
            raise AssertionError(f"The lane '{thread.lane}' goes nowhere back.")


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
        asked=[asked["value"] for step in view.steps for asked in step.asked],
        custom=[(step.path[-1], data) for step in view.steps for data in step.progress],
        answers=[item.text for item in view.items if isinstance(item, Message)],
        beside=[_saved(lab, other) for other in beside],
        outcome=workspace.history.outcome(thread_id),
    )


def _saved(lab: Lab, thread_id: str) -> dict[str, Any]:
    graph = lab.graphs.reading_of(lab.workspace("tests").threads.find(thread_id))
    return dict(graph.get_state(thread_config(thread_id)).values)


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
