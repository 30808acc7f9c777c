"""Parallel: one report from three workers, in a row or at once; a superstep is what the graph runs at one time."""

import pytest

from graphs.pattern import Example
from graphs.shapes.parallel_demo import PATTERN
from lab.checkpoints import thread_config
from lab.lab import Lab
from tests.support.example_player import Play, ended

LANES = tuple(lane.key for lane in PATTERN.lanes)
WORKERS = {"summarise", "key_words", "tone"}
HAPPY = (0, 1)
FAILING = 2


@pytest.mark.parametrize("example", HAPPY)
def test_the_row_visits_the_workers_in_its_order(play: Play, example: int) -> None:
    assert play("parallel", "sequential", example).visited == ["summarise", "key_words", "tone", "merge"]


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("example", HAPPY)
def test_each_worker_runs_once_and_the_merge_once_after_all(play: Play, lane: str, example: int) -> None:
    played = play("parallel", lane, example)

    assert sorted(played.visited[:3]) == sorted(WORKERS)
    assert played.visited[3:] == ["merge"]
    assert (played.status, played.error) == ("finished", None)


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("example", HAPPY)
def test_the_report_holds_every_answer_under_its_heading(play: Play, lane: str, example: int) -> None:
    played = play("parallel", lane, example)
    lines = played.values["report"].splitlines()

    assert [line.split(": ")[0] for line in lines] == ["Key words", "Summary", "Tone"]
    assert sorted(line.split(": ", 1)[1] for line in lines) == sorted(played.answers)


@pytest.mark.parametrize("example", HAPPY)
def test_both_lanes_end_with_the_same_report(play: Play, example: int) -> None:
    row, at_once = (play("parallel", lane, example) for lane in LANES)

    assert row.values["report"] == at_once.values["report"]
    assert sorted(row.values["results"]) == sorted(at_once.values["results"])


@pytest.mark.parametrize("lane", LANES)
def test_no_result_is_lost_or_doubled(play: Play, lane: str) -> None:
    results = play("parallel", lane, 0).values["results"]

    assert len(results) == len(set(results)) == 3


@pytest.mark.parametrize("example", HAPPY)
def test_the_workers_answer_at_similar_length(play: Play, example: int) -> None:
    lengths = [len(answer.split()) for answer in play("parallel", "fan-out", example).answers]

    assert max(lengths) <= 2 * min(lengths)


@pytest.mark.parametrize("lane", LANES)
def test_the_report_depends_on_the_text(play: Play, lane: str) -> None:
    glad, worried = (Example(mood, {"text": f"Everyone is {mood} about the lantern."}) for mood in ("happy", "angry"))

    assert "The tone is glad" in play("parallel", lane, glad).values["report"]
    assert "The tone is worried" in play("parallel", lane, worried).values["report"]


@pytest.mark.parametrize("lane", LANES)
def test_a_text_without_key_words_fails_on_that_worker(play: Play, lane: str) -> None:
    played = play("parallel", lane, FAILING)

    assert (played.status, played.failed_node) == ("resumable", "key_words")
    assert played.error is not None
    assert played.error.startswith("NoKeyWords: The text 'So it is.' has no key words.")


@pytest.mark.parametrize("lane", LANES)
def test_nothing_is_merged_after_a_failure(play: Play, lane: str) -> None:
    played = play("parallel", lane, FAILING)

    assert "merge" not in played.visited
    assert "report" not in played.values


def test_a_failure_in_the_row_stops_the_workers_behind_it(play: Play) -> None:
    assert play("parallel", "sequential", FAILING).visited == ["summarise", "key_words"]


def test_a_failure_beside_them_does_not_stop_the_other_workers(play: Play) -> None:
    assert set(play("parallel", "fan-out", FAILING).visited) == WORKERS


def test_going_on_after_a_failure_repeats_no_worker_whose_result_was_saved(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("tests")
    thread_id = workspace.start("parallel", "fan-out", PATTERN.examples[FAILING].input, pace=0).thread_id
    ended(workspace, thread_id)
    # Which of the others had finished by the time of the failure is up to the machine; the checkpoint knows.
    tasks = sqlite_lab.graphs.reading("parallel", "fan-out").get_state(thread_config(thread_id)).tasks
    saved = {task.name for task in tasks if task.result}
    workspace.proceed(thread_id, pace=0)
    ended(workspace, thread_id)
    view = workspace.view(thread_id)
    view.catch_up()
    begun = {step.path[-1]: len(step.spans) for step in view.steps}

    assert begun["key_words"] == 2
    assert {name: begun[name] for name in saved} == dict.fromkeys(saved, 1)
    assert "merge" not in begun


def test_workers_of_equal_length_take_less_than_half_of_the_row_s_time(sqlite_lab: Lab) -> None:
    workspace, took = sqlite_lab.workspace("tests"), {}
    for lane in LANES:
        thread_id = workspace.start("parallel", lane, PATTERN.examples[0].input, pace=40).thread_id
        ended(workspace, thread_id)
        view = workspace.view(thread_id)
        view.catch_up()
        spans = [span for step in view.steps if step.path[-1] in WORKERS for span in step.spans]
        took[lane] = max(end for _, end in spans) - min(begin for begin, _ in spans)

    # The offline model really takes the time of its words, in a row or at one time.
    assert took["sequential"] > 0.5
    assert took["fan-out"] < 0.5 * took["sequential"]


OUTCOMES = {
    **{("sequential", example): "3 results in one report, made one after the other" for example in HAPPY},
    **{("fan-out", example): "3 results in one report, made at the same time" for example in HAPPY},
    ("sequential", FAILING): "No report, 1 of 3 results made: stopped by an error",
    ("fan-out", FAILING): "No report, {results} of 3 results made: stopped by an error",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_counts_the_results(play: Play, lane: str, example: int) -> None:
    played = play("parallel", lane, example)
    made = [name for name in set(played.visited) & WORKERS if name != played.failed_node]

    # Which of the others had finished side by side by the time of the failure is up to the machine; the state knows.
    results = len(played.values.get("results", ()))
    assert results == len(made) or ((lane, example) == ("fan-out", FAILING) and results < len(made))
    assert played.outcome == OUTCOMES[lane, example].format(results=results)
    assert f"{results} " in played.outcome
    assert ("No report" in played.outcome) == ("report" not in played.values)
