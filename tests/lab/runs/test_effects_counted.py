"""What is approved happens once, however many press at once, on however many servers, and if it is tried again."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from graphs.catalogue import find
from graphs.pattern import Reply, Step
from lab.database import LedgerTable, OutboxTable, RecordsTable
from lab.errors import LabError, StaleAnswer
from lab.history import question_text
from lab.lab import Lab
from lab.workspace import NextStep, Workspace
from tests.support.example_player import Playing, begun, ended
from tests.support.labs import quiet
from tests.support.polling import until

COLUMNS = {
    "ledger": ("order", "cents"),
    "outbox": ("recipient", "subject", "body"),
    "records": ("record", "field", "old", "new"),
}
PRESSED = [
    pytest.param("tool-review", "together", 1, 0, id="tool-review-together"),
    pytest.param("tool-review", "each", 0, 0, id="tool-review-each"),
    pytest.param("task-executor", "executor", 1, 0, id="task-executor"),
    pytest.param("escalation", "agent", 0, 0, id="escalation"),
    pytest.param("moderation", "pipeline", 0, 1, id="moderation"),
    pytest.param("event-driven-agent", "interrupt", 2, 0, id="event-driven-agent-two-at-once"),
    pytest.param("event-driven-agent", "interrupt", 3, 0, id="event-driven-agent-second-round"),
    pytest.param("swallowed-interrupt", "raised", 1, 0, id="swallowed-interrupt"),
    pytest.param("approval-gate", "interrupt", 1, 0, id="approval-gate"),
]
"""Examples, each with what happens before the first answer: a message that needs none."""
RETRIED = [
    pytest.param("tool-review", "together", 0, id="tool-review-together"),
    pytest.param("tool-review", "each", 0, id="tool-review-each"),
    pytest.param("moderation", "pipeline", 3, id="moderation"),
    pytest.param("event-driven-agent", "flag", 1, id="event-driven-agent-flag"),
    pytest.param("event-driven-agent", "interrupt", 2, id="event-driven-agent-interrupt"),
    pytest.param("swallowed-interrupt", "raised", 1, id="swallowed-interrupt"),
    pytest.param("approval-gate", "interrupt", 0, id="approval-gate"),
]


@pytest.fixture
def labs(where: str) -> Iterator[tuple[Lab, Lab]]:
    """Open the labs of two servers on one database."""
    opened = Lab(quiet(where)), Lab(quiet(where))
    yield opened
    for lab in opened:
        lab.close()


def effects(workspace: Workspace, thread_id: str) -> list[Any]:
    """Return what a thread has done: rows, steps that were executed, and what was said to a customer."""
    rows: list[Any] = [
        tuple(row[column] for column in columns)
        for table, columns in COLUMNS.items()
        for row in workspace.threads.business(table, [thread_id])
    ]
    snapshot = workspace.history.snapshot(thread_id)
    values = snapshot.values if snapshot is not None else {}
    rows += [(one["step"], one["result"]) for one in values.get("results", ())]
    if "draft" in values and "answered_by" in values:
        rows += [(said["text"],) for said in values["messages"] if said["role"] != "human"]
    return sorted(rows)


def at_rest(playing: Playing) -> None:
    """Wait until the thread rests, on whichever server it runs."""
    until(lambda: playing.workspace.history.status(playing.thread.thread_id) not in ("running", "elsewhere", "new"))


def press(workspace: Workspace, step: NextStep) -> None:
    """Send what the step answers, as a page does that shows its questions."""
    (reply,) = step.steps
    assert isinstance(reply, Reply)
    asked = [one for one in workspace.history.pending(step.thread_id) if one.id in step.questions]
    if not asked:
        # Where another one is at it already a page shows no question, and so nothing to send.
        raise StaleAnswer
    answers = {one.id: reply.answer(one.tool, question_text(one.value)) for one in asked}
    workspace.resume(step.thread_id, answers, step.checkpoint_id, pace=0, person=reply.person)


def pressed_at_once(workspaces: list[Workspace], step: NextStep) -> list[str]:
    """Press in all of them at the same moment, and return what each got: empty where it was accepted."""
    together = threading.Barrier(len(workspaces))

    def one(workspace: Workspace) -> str:
        together.wait(30)
        try:
            press(workspace, step)
        except LabError as error:
            return type(error).__name__
        return ""

    with ThreadPoolExecutor(len(workspaces)) as pool:
        return sorted(pool.map(one, workspaces))


@pytest.mark.parametrize(("slug", "lane_key", "number", "unasked"), PRESSED)
def test_of_all_who_press_at_once_in_two_tabs_of_two_servers_one_is_heard_and_each_effect_happens_once(
    labs: tuple[Lab, Lab], slug: str, lane_key: str, number: int, unasked: int
) -> None:
    example = find(slug).examples[number]
    alone = begun(labs[0].workspace("tests"), slug, lane_key, example)
    playing = begun(labs[0].workspace("tests"), slug, lane_key, example)
    rivals = [lab.workspace("tests") for lab in (*labs, *labs)]
    thread_id = playing.thread.thread_id
    at_rest(playing)
    before = effects(playing.workspace, thread_id)
    assert len(before) == unasked

    while (step := playing.look().step) is not None:
        told = pressed_at_once(rivals, step)
        assert told[0] == ""
        assert set(told[1:]) <= {"StaleAnswer", "ThreadBusy"}
        at_rest(playing)
        alone.take_next()
        assert effects(playing.workspace, thread_id) == effects(alone.workspace, alone.thread.thread_id)
    assert playing.workspace.history.status(thread_id) == "finished"
    assert len(effects(playing.workspace, thread_id)) > unasked


@pytest.fixture
def shaky(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have each effect lose its connection once it's done, the first time in each thread and table."""
    lost: list[str] = []

    def loses(act: Callable[..., int]) -> Callable[..., int]:
        def acts(table: Any, *given: Any, **named: Any) -> int:
            number = act(table, *given, **named)
            place = f"{act.__qualname__} {table._thread_id}"
            if place not in lost:
                lost.append(place)
                raise ConnectionError("The connection broke before the answer came.")
            return number

        return acts

    for table, name in ((LedgerTable, "charge"), (OutboxTable, "send"), (RecordsTable, "change")):
        monkeypatch.setattr(table, name, loses(getattr(table, name)))
    return lost


def try_again(workspace: Workspace, thread_id: str, step: Step) -> None:
    """Go on with the answers that were saved; give those anew that LangGraph lost, as two tasks failed at once."""
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    if isinstance(step, Reply) and snapshot.questions and not snapshot.saved_answers:
        answers = {one.id: step.answer(one.tool, question_text(one.value)) for one in snapshot.questions}
        workspace.resume(thread_id, answers, snapshot.checkpoint_id, pace=0, person=step.person)
    else:
        workspace.proceed(thread_id, pace=0, person=step.person if isinstance(step, Reply) else "")
    ended(workspace, thread_id)


@pytest.mark.parametrize(("slug", "lane_key", "number"), RETRIED)
def test_a_node_that_fails_after_its_effect_and_is_tried_again_does_it_once(
    labs: tuple[Lab, Lab], shaky: list[str], slug: str, lane_key: str, number: int
) -> None:
    example = find(slug).examples[number]
    playing = begun(labs[0].workspace("tests"), slug, lane_key, example)
    workspace, thread_id = playing.workspace, playing.thread.thread_id
    playing.take_next()
    tries = 0
    while workspace.history.status(thread_id) != "finished":
        try_again(workspace, thread_id, example.steps[lane_key][-1])
        tries += 1
        assert tries < 10
    done = effects(workspace, thread_id)
    tried = [row for table in COLUMNS for row in workspace.threads.business(table, [thread_id], refused=True)]

    assert tries
    assert len(set(map(str, done))) == len(done)
    # A task beside one that failed may be run again as well, though it had come to its end.
    assert len(tried) - len(done) >= len(shaky) > 0
