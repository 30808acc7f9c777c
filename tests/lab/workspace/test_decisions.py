"""Decisions: each answer that is accepted is in the record, in the same transaction, and no refused one is."""

import csv
import io
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from graphs.catalogue import find
from graphs.pattern import Breakpoints, Edit, Example, Go, Lane, Pattern, Recover, Reply, Wait
from lab.database import Decision, add_decisions
from lab.errors import AnswerKept, ClaimLost, InvalidInput, LabError, StaleAnswer, ThreadBusy
from lab.history import expiry_of
from lab.lab import Lab
from lab.workspace import StateEdit, Workspace
from tests.support.asking_nodes import Verdict, asking, asks, shown
from tests.support.example_player import begun, example_id, examples_that, play_steps
from tests.support.toy_patterns import (
    Hold,
    OpenLab,
    State,
    chain,
    done,
    end,
    everywhere,
    fan,
    head,
    lane,
    ran,
    saved,
    toy,
)

REWIND = find("time-travel").examples[0]


def made(workspace: Workspace, thread_id: str | None = None) -> list[Decision]:
    """Return the decisions, in the order in which they were made."""
    found = workspace.history.decisions.page(limit=1000).decisions
    return [one for one in reversed(found) if thread_id in (None, one.thread_id)]


def kinds(workspace: Workspace) -> list[str]:
    return [one.kind for one in made(workspace)]


DECIDING = [pytest.param(*one, id=example_id(*one)) for one in examples_that(Reply, Edit, Wait)]


@pytest.mark.usefixtures("forked_workers")
@pytest.mark.parametrize(("pattern", "lane", "example"), DECIDING)
def test_each_answer_and_each_edit_of_an_example_is_one_decision_of_a_person(
    sqlite_lab: Lab, pattern: Pattern, lane: Lane, example: Example
) -> None:
    workspace = sqlite_lab.workspace("tests")
    playing = begun(workspace, pattern.slug, lane.key, example)
    given: Counter[str] = Counter()
    while (step := playing.look().step) is not None:
        pending = workspace.history.pending(playing.thread.thread_id)
        expiring = sum(expiry_of(question) is not None for question in pending)
        playing.take_next()
        for one in step.steps:
            given["expired"] += expiring if isinstance(one, Wait) else 0
            given["answer"] += len(step.questions) if isinstance(one, Reply) else 0
            given["edit"] += isinstance(one, Edit)
            given["resume"] += isinstance(one, Go | Recover)
    decisions = made(workspace, playing.thread.thread_id)

    assert Counter(one.kind for one in decisions) == +given
    place = (pattern.slug, lane.key, playing.thread.title)
    assert all((one.pattern, one.lane, one.title) == place for one in decisions)
    assert all(one.node and one.checkpoint_id for one in decisions)
    # What the lab answers once a deadline has passed nobody has decided.
    assert all((one.kind == "expired") != bool(one.person and one.role) for one in decisions)


@everywhere
def test_an_answer_is_recorded_with_its_question_where_it_was_shown(open_toys: OpenLab) -> None:
    workspace = open_toys(asking(Verdict)).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: {"decision": "no", "note": "dear"}}, snapshot.checkpoint_id)
    end(workspace, thread_id)
    (decision,) = made(workspace)

    assert (decision.kind, decision.asked, decision.answered) == ("answer", "ask?", {"decision": "no", "note": "dear"})
    assert (decision.workspace, decision.person, decision.role) == ("w", "", "")
    assert (decision.thread_id, decision.checkpoint_id) == (thread_id, snapshot.checkpoint_id)
    assert (decision.node, decision.interrupt_id) == ("ask", question.id)


def test_what_a_question_shows_beside_its_sentence_is_recorded_too(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("tests")
    playing = begun(workspace, "approval-gate", "interrupt", find("approval-gate").examples[0])
    playing.take_next()
    (decision,) = made(workspace)

    assert decision.asked.startswith("Send this mail to anna@example.org?\nDraft:\nDear colleague,")


def test_the_calls_that_a_review_asks_about_are_recorded_with_their_arguments_and_so_is_an_edit(
    sqlite_lab: Lab,
) -> None:
    workspace = sqlite_lab.workspace("tests")
    play_steps(workspace, "tool-review", "together", find("tool-review").examples[1])
    (decision,) = made(workspace)
    edited, rejected = decision.answered["decisions"]

    assert "\npay_invoice: Invoice: A-17, Euros: 1,200\nsend_mail: Recipient: anna@example.org" in decision.asked
    assert edited["edited_action"]["args"] == {"invoice": "A-17", "euros": 1000}
    assert rejected == {"type": "reject", "message": "Anna is on leave until Monday."}


@everywhere
def test_several_questions_answered_together_are_a_decision_each(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(fan(a=asks("a"), b=asks("b"))))).workspace("w")
    thread_id = ran(workspace)
    asked = head(workspace, thread_id)
    answers = {question.id: question.node.upper() for question in asked.questions}
    workspace.resume(thread_id, answers, asked.checkpoint_id)
    end(workspace, thread_id)

    assert {(one.node, one.answered) for one in made(workspace)} == {("a", "A"), ("b", "B")}


def breaking(down: list[str]) -> Callable[[State], dict[str, Any]]:
    """Make a node that asks, and fails after the answer as often as there is something in the list."""
    inner = asks("ask")

    def node(state: State) -> dict[str, Any]:
        answer = inner(state)
        if down:
            down.pop()
            raise ConnectionError("no line")
        return answer

    return node


@everywhere
def test_the_same_answer_tried_again_and_another_one_in_its_place_are_recorded_as_such(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(ask=breaking(["once", "twice"]))))).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: "yes"}, snapshot.checkpoint_id)
    end(workspace, thread_id)
    with pytest.raises(AnswerKept):
        workspace.resume(thread_id, {question.id: "no"}, snapshot.checkpoint_id)
    workspace.proceed(thread_id)
    end(workspace, thread_id)
    workspace.travel.reanswer(thread_id, snapshot.checkpoint_id, {question.id: "no"})
    assert end(workspace, thread_id).outcome == "finished"

    assert [(one.kind, one.answered) for one in made(workspace)] == [
        ("answer", "yes"), ("retry", "yes"), ("reanswer", "no"),
    ]  # fmt: skip
    assert {(one.interrupt_id, one.checkpoint_id) for one in made(workspace)} == {(question.id, snapshot.checkpoint_id)}


@everywhere
def test_what_is_written_to_a_state_is_recorded_with_its_values_and_so_is_each_way_on(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), b=done("b"))))).workspace("w")
    thread_id = ran(workspace, breakpoints=Breakpoints(before=("b",)))
    pause = head(workspace, thread_id).checkpoint_id
    edited = workspace.edit(thread_id, {"n": 5, "done": ["x"]}, pause, {"done": "replace"})
    workspace.proceed(thread_id, edited)
    end(workspace, thread_id)
    workspace.travel.fork(thread_id, pause, StateEdit({"n": 6}, {}), run=True)
    end(workspace, thread_id)
    workspace.travel.what_if(thread_id, pause, StateEdit({"n": 7}, {}))
    end(workspace, thread_id)
    workspace.travel.replay(thread_id, pause)
    end(workspace, thread_id)

    assert [(one.kind, one.node, one.checkpoint_id, one.answered) for one in made(workspace)] == [
        ("edit", "b", pause, {"values": {"n": 5, "done": ["x"]}, "replaced": ["done"]}),
        ("resume", "b", edited, None),
        ("fork", "b", pause, {"values": {"n": 6}}),
        ("fork", "b", pause, {"values": {"n": 7}}),
        ("replay", "b", pause, None),
    ]


def test_old_values_written_over_the_newest_ones_are_recorded_too(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("tests")
    play_steps(workspace, "time-travel", "rewind", REWIND)

    assert kinds(workspace) == ["rewind"]


@everywhere
def test_a_refused_answer_leaves_no_decision(open_toys: OpenLab) -> None:
    hold = Hold()

    def waits(_: State) -> dict[str, Any]:
        hold()
        return {"done": ["waits"]}

    workspace = open_toys(toy(lane(chain(ask=asks("ask", Verdict), waits=waits)))).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    yes = {question.id: {"decision": "yes"}}
    with pytest.raises(InvalidInput):
        workspace.resume(thread_id, {question.id: {"decision": "perhaps"}}, snapshot.checkpoint_id)
    with pytest.raises(InvalidInput):
        workspace.travel.reanswer(thread_id, snapshot.checkpoint_id, {question.id: {}})
    for ident, shown_for in (("made-up", snapshot.checkpoint_id), (question.id, "made-up")):
        with pytest.raises(StaleAnswer):
            workspace.resume(thread_id, {ident: {"decision": "yes"}}, shown_for)
    with pytest.raises(LabError):
        workspace.proceed(thread_id)
    with pytest.raises(LabError):
        workspace.edit(thread_id, {"n": 5})
    assert made(workspace) == []
    workspace.resume(thread_id, yes, snapshot.checkpoint_id)
    hold.reached()
    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, yes, snapshot.checkpoint_id)
    with pytest.raises(ThreadBusy):
        workspace.proceed(thread_id)
    with pytest.raises(ThreadBusy):
        workspace.travel.reanswer(thread_id, snapshot.checkpoint_id, yes)
    hold.let_go.set()
    end(workspace, thread_id)

    assert kinds(workspace) == ["answer"]


class Full(Exception):
    """The disk is full in the very moment."""


def full(*_: Any, **__: Any) -> NoReturn:
    raise Full


@everywhere
def test_what_can_not_be_recorded_is_not_accepted_and_runs_nothing(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = list[str]()
    lab: Lab = open_toys(toy(lane(chain(a=asks("a", count=count), b=done("b", count)))))
    workspace = lab.workspace("w")
    thread_id = ran(workspace, breakpoints=Breakpoints(before=("b",)))
    snapshot, question = shown(workspace, thread_id)
    there = saved(workspace, thread_id)
    for place in ("launching", "editing"):
        monkeypatch.setattr(f"lab.workspace.{place}.add_decisions", full)
    with pytest.raises(Full):
        workspace.resume(thread_id, {question.id: 1}, snapshot.checkpoint_id)
    with pytest.raises(Full):
        workspace.travel.reanswer(thread_id, snapshot.checkpoint_id, {question.id: 1})
    with pytest.raises(Full):
        workspace.travel.fork(thread_id, there[1], StateEdit({"n": 2}, {}))

    assert (count, saved(workspace, thread_id), made(workspace)) == ([], there, [])
    assert workspace.history.status(thread_id) == "waiting"
    assert workspace.history.accepted(thread_id) is None


@everywhere
def test_what_is_not_accepted_is_not_recorded(open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab: Lab = open_toys(asking())
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    there = saved(workspace, thread_id)

    def recorded_and_lost(connection: Any, decisions: Any) -> None:
        add_decisions(connection, decisions)
        raise ClaimLost(thread_id)

    for place in ("launching", "editing"):
        monkeypatch.setattr(f"lab.workspace.{place}.add_decisions", recorded_and_lost)
    with pytest.raises(ClaimLost):
        workspace.resume(thread_id, {question.id: 1}, snapshot.checkpoint_id)
    monkeypatch.setattr("lab.workspace.editing.add_decisions", add_decisions)
    monkeypatch.setattr("lab.workspace.edits.Draft.save", full)
    with pytest.raises(Full):
        workspace.travel.fork(thread_id, there[1], StateEdit({"n": 2}, {}))

    assert made(workspace) == []
    assert saved(workspace, thread_id) == there


@pytest.mark.parametrize("open_toys", ["sqlite"], indirect=True)
def test_an_answer_whose_claim_another_process_took_is_neither_accepted_nor_recorded(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab: Lab = open_toys(asking())
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    take = lab.claims.take

    def taken_over(connection: Any, *given: Any, **named: Any) -> None:
        take(connection, *given, **named)
        connection.exec_driver_sql("UPDATE lab_claims SET owner = 'another process'")

    monkeypatch.setattr(lab.claims, "take", taken_over)
    with pytest.raises(ClaimLost):
        workspace.resume(thread_id, {question.id: 1}, snapshot.checkpoint_id)

    assert made(workspace) == []


@everywhere
def test_decisions_outlive_their_branch_and_their_thread(open_toys: OpenLab) -> None:
    workspace = open_toys(asking()).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: 1}, snapshot.checkpoint_id)
    end(workspace, thread_id)
    workspace.travel.reanswer(thread_id, snapshot.checkpoint_id, {question.id: 2})
    end(workspace, thread_id)
    before = made(workspace)
    workspace.threads.keep_newest(thread_id, 1)
    assert made(workspace) == before
    workspace.threads.rename(thread_id, "Another name")
    workspace.threads.delete(thread_id)

    assert made(workspace) == before
    assert len(before) == 2


def test_a_copy_of_a_thread_has_no_decisions_of_its_own_until_one_is_made_in_it(open_toys: OpenLab) -> None:
    workspace = open_toys(asking()).workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    copied = workspace.threads.copy(thread_id).thread_id
    workspace.resume(thread_id, {question.id: 1}, snapshot.checkpoint_id)
    end(workspace, thread_id)
    assert made(workspace, copied) == []
    workspace.resume(copied, {question.id: 2}, snapshot.checkpoint_id)
    end(workspace, copied)

    assert [one.answered for one in made(workspace, copied)] == [2]


def test_a_workspace_reads_its_own_decisions_alone(open_toys: OpenLab) -> None:
    lab: Lab = open_toys(asking())
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    snapshot, question = shown(workspace, thread_id)
    workspace.resume(thread_id, {question.id: 1}, snapshot.checkpoint_id)
    end(workspace, thread_id)

    other = lab.workspace("of somebody else").history.decisions
    assert (other.page().decisions, other.page().total) == ((), 0)
    assert len("".join(other.to_csv()).splitlines()) == 1
    assert workspace.history.decisions.page(pattern="toy").total == 1
    assert workspace.history.decisions.page(pattern="other").total == 0


def decide(workspace: Workspace, *answers: Any) -> list[list[str]]:
    """Give these answers, a thread each, and return the rows of the CSV file, oldest first."""
    for answer in answers:
        thread_id = ran(workspace)
        snapshot, question = shown(workspace, thread_id)
        workspace.threads.rename(thread_id, str(answer) or "empty")
        workspace.resume(thread_id, {question.id: answer}, snapshot.checkpoint_id)
        end(workspace, thread_id)
    rows = list(csv.reader(io.StringIO("".join(workspace.history.decisions.to_csv()), newline="")))
    return [rows[0], *reversed(rows[1:])]


def test_a_csv_file_has_each_decision_in_a_row_whatever_its_texts(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.workspace.decisions.AT_ONCE", 2)
    said = ["yes", 'a "quoted", one', "two\r\nlines", {"decision": "ä"}, None]
    title, *rows = decide(open_toys(asking()).workspace("w"), *said)

    assert title[:5] == ["Number", "Time", "Person", "Role", "Decision"]
    assert [row[title.index("Answer")] for row in rows] == [
        '"yes"', '"a \\"quoted\\", one"', '"two\\r\\nlines"', '{"decision": "ä"}', "null",
    ]  # fmt: skip
    assert {row[title.index("Asked")] for row in rows} == {"ask?"}
    assert {row[title.index("Decision")] for row in rows} == {"answer"}


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d"])
def test_no_cell_of_a_csv_file_is_a_formula(open_toys: OpenLab, sign: str) -> None:
    title, row = decide(open_toys(asking()).workspace("w"), f'{sign}HYPERLINK("http://evil.example")')

    assert row[title.index("Thread")] == f'\'{sign}HYPERLINK("http://evil.example")'
    assert not any(cell.lstrip().startswith(sign) for cell in row)


def test_a_number_below_zero_is_text_in_a_csv_file(open_toys: OpenLab) -> None:
    title, row = decide(open_toys(asking()).workspace("w"), -5)

    assert row[title.index("Answer")] == "'-5"
