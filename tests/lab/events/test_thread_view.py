"""What a thread's view makes of a run whose process was killed: attempts, kept results and losses."""

from typing import Any

from lab.events import (
    RESTORED_RUN,
    AttemptFailed,
    CheckpointSaved,
    Event,
    EventLog,
    Killed,
    NodeEnded,
    NodeStarted,
    RunEnded,
    RunStarted,
    StepView,
    ThreadView,
    Tokens,
)
from lab.jsonable import Json
from ui.graph import Phase, states_of_nodes
from ui.lanes import inside, killed, reason

WHY = "The process of this run was killed by SIGKILL."


def started(kind: Any = "start") -> Event:
    return RunStarted("run", kind, "offline", None, "", at=1.0)


def begun(name: str, task: str, at: float = 2.0) -> Event:
    return NodeStarted((name,), task, at=at)


def ended(name: str, task: str, wrote: Json = None, at: float = 3.0) -> Event:
    return NodeEnded((name,), task, wrote, "", (), False, False, at=at)


def asked(name: str, task: str) -> Event:
    return NodeEnded((name,), task, None, "", ({"id": "q", "value": "Pay?"},), True, False, at=3.0)


def saved(ident: str, step: int = 0) -> Event:
    return CheckpointSaved((), ident, step, "loop", (), at=3.5)


def over(outcome: Any = "crashed", error: str = WHY) -> Event:
    return RunEnded("run", outcome, error, at=4.0)


def view(*events: Event) -> ThreadView:
    log = EventLog()
    for event in events:
        log.append(event)
    found = ThreadView(log)
    found.catch_up()
    return found


def place(found: ThreadView) -> Killed:
    (item,) = [item for item in found.items if isinstance(item, Killed)]
    return item


def test_a_killed_attempt_is_an_attempt_of_its_step_and_counts_as_a_visit() -> None:
    found = view(
        started(), saved("c0"), begun("pay", "1"), over(), started("continue"), begun("pay", "1", 5.0),
        ended("pay", "1", {"paid": 1}, 6.0), saved("c1"), over("finished", ""),
    )  # fmt: skip
    (step,) = found.steps

    assert (step.status, step.kills, [attempt.killed for attempt in step.failed_attempts]) == ("done", 1, [True])
    assert states_of_nodes(["pay"], found, "finished", None)["pay"].visits == 2
    assert reason(found, "finished") == ""


def test_a_step_at_work_is_killed_and_not_stopped() -> None:
    found = view(started(), begun("pay", "1"), over())
    state = states_of_nodes(["pay"], found, "resumable", None)["pay"]

    assert [step.status for step in found.steps] == ["killed"]
    assert (state.phase, state.visits) == (Phase.FAILED, 1)
    assert reason(found, "resumable") == WHY


def test_a_step_that_a_person_stopped_was_not_killed() -> None:
    found = view(started(), begun("pay", "1"), over("stopped", ""))

    assert [(step.status, step.kills) for step in found.steps] == [("stopped", 0)]
    assert not [item for item in found.items if isinstance(item, Killed)]
    assert reason(found, "resumable") == ""


def failed(name: str, task: str) -> Event:
    return AttemptFailed((name,), task, 2.0, "LookupError: no such shelf", at=3.0)


def test_a_step_that_failed_as_another_one_ended_the_run_has_failed_and_says_why() -> None:
    found = view(started(), begun("pay", "1"), failed("pay", "1"), over("failed", "KeyError: 'late'"))

    assert [(step.status, step.error) for step in found.steps] == [("failed", "LookupError: no such shelf")]


def test_a_step_that_was_stopped_while_it_waited_for_another_try_is_stopped() -> None:
    found = view(started(), begun("pay", "1"), failed("pay", "1"), over("stopped", ""))

    assert [(step.status, step.error) for step in found.steps] == [("stopped", "")]


def test_a_task_whose_result_was_kept_stays_done_and_its_time_what_it_was() -> None:
    found = view(
        started(), begun("order", "1"), begun("number", "2"), ended("number", "2", {"__return__": "A-1"}),
        asked("order", "1"), over("waiting", ""), started("resume"), begun("order", "1", 5.0),
        begun("number", "2", 5.0), over(),
    )  # fmt: skip
    by_name = {step.path[-1]: step for step in found.steps}

    assert {name: step.status for name, step in by_name.items()} == {"order": "killed", "number": "done"}
    assert by_name["number"].spans == [(2.0, 3.0)]
    assert not by_name["number"].failed_attempts
    assert place(found).working == (by_name["order"],)


def test_steps_that_no_saved_checkpoint_holds_are_lost_and_named() -> None:
    found = view(
        started(), saved("c0"), begun("a", "1"), ended("a", "1"), saved("c1", 1), begun("b", "2"), ended("b", "2"),
        saved("c2", 2), begun("c", "3"), over(),
    )  # fmt: skip
    item = place(found)

    assert names(item.lost({"c0", "c1", "c2"})) == []
    assert names(item.lost({"c0", "c1"})) == ["b"]
    assert names(item.lost(set())) == ["a", "b"]
    assert "`c` was at work and runs again" in killed(item, [])
    assert "No step that had ended was lost" in killed(item, [])
    assert "2 steps that had ended were lost too" in killed(item, item.lost(set()))


def test_steps_of_an_earlier_run_are_not_lost_with_a_later_one() -> None:
    found = view(
        started(), begun("a", "1"), ended("a", "1"), saved("c1"), over("paused", ""), started("continue"), saved("c1"),
        begun("b", "2"), over(),
    )  # fmt: skip

    assert place(found).ended == ()


def names(steps: list[StepView]) -> list[str]:
    return [step.path[-1] for step in steps]


def test_an_error_of_a_subgraph_is_told_by_the_step_where_it_happened_alone() -> None:
    why = "LookupError: nobody"
    inner = NodeEnded(("team", "lead"), "2", None, why, (), False, False, at=3.0)
    outer = NodeEnded(("team",), "1", None, why, (), False, False, at=3.0)
    found = view(
        started(), begun("team", "1"), NodeStarted(("team", "lead"), "2", at=2.0), inner, outer, over("failed", why)
    )  # fmt: skip
    by_path = {step.path: step for step in found.steps}

    assert inside(found, by_path["team",]) is by_path["team", "lead"]
    assert inside(found, by_path["team", "lead"]) is None
    assert reason(found, "resumable") == ""


def test_the_time_at_work_leaves_out_the_waits_between_runs() -> None:
    first = (RunStarted("one", "start", "offline", None, "", at=10.0), RunEnded("one", "waiting", "", at=12.5))
    second = (RunStarted("two", "resume", "offline", None, "", at=900.0), RunEnded("two", "finished", "", at=901.0))

    assert view(*first).worked == 2.5
    assert view(*first, *second).worked == 3.5
    assert view(*first, second[0]).worked == 2.5


def test_a_process_that_died_worked_until_it_was_last_heard_of() -> None:
    run = RunStarted("one", "start", "offline", None, "", at=10.0)

    assert view(run, begun("pay", "t", at=13.0), RunEnded("one", "crashed", WHY, at=5000.0)).worked == 3.0


def test_a_run_that_only_checkpoints_tell_of_has_no_time_that_could_be_told() -> None:
    run = RunStarted(f"{RESTORED_RUN}c", "restored", "offline", None, "", at=10.0)

    assert view(run, RunEnded(f"{RESTORED_RUN}c", "finished", "", at=5000.0)).worked == 0.0


def test_where_the_log_has_lost_the_first_run_no_time_is_told_as_the_whole() -> None:
    log = EventLog(limit=8)
    for number in range(4):
        log.append(RunStarted(f"run {number}", "turn", "offline", None, "", at=10.0))
        log.append(begun("a", f"task {number}"))
        log.append(RunEnded(f"run {number}", "finished", "", at=12.0))
    after = ThreadView(log)
    after.catch_up()

    assert (after.whole, after.worked) == (False, 0.0)
    assert after.runs[-1].worked == 2.0


def test_more_of_a_text_is_told_from_all_other_news() -> None:
    log = EventLog()
    log.append(started())
    log.append(begun("a", "t"))
    found = ThreadView(log)
    found.catch_up()
    before = found.stepped
    log.append(Tokens(("a",), "m", 0, "word", tool=False))
    found.catch_up()
    assert (found.version, found.stepped) == (3, before)
    log.append(ended("a", "t"))
    found.catch_up()
    assert found.stepped == 4
