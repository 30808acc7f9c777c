"""Map-reduce: a task for each note and one whole report, or a loop and a report that is mailed before it's whole."""

import pytest

from graphs.figures import Figure
from graphs.pattern import Example
from graphs.shapes.map_reduce import MOST, InvalidNotes, read
from graphs.shapes.map_reduce_demo import MAPPED, PATTERN
from lab.events import ThreadView
from lab.lab import Lab
from tests.support.example_player import Play, ended

SLUG, LANES = PATTERN.slug, tuple(lane.key for lane in PATTERN.lanes)
SIX, MANY, FAILS = range(3)


def notes(example: int) -> list[str]:
    return str(PATTERN.examples[example].input["notes"]).splitlines()


def view_of(lab: Lab, thread_id: str) -> ThreadView:
    view = lab.workspace("tests").view(thread_id)
    view.catch_up()
    return view


def figures(lab: Lab, lane: str, thread_id: str) -> dict[str, str]:
    tell = PATTERN.lane(lane).figures
    assert tell is not None
    return {one.name: one.value for one in tell(view_of(lab, thread_id)) if isinstance(one, Figure)}


@pytest.mark.parametrize("example", [SIX, MANY])
def test_two_edges_mail_the_report_twice_and_the_first_has_no_headline(play: Play, example: int) -> None:
    played = play(SLUG, "loop", example)

    assert [row["subject"] == "(no headline)" for row in played.outbox] == [True, False]
    assert played.visited.count("report") == 2


@pytest.mark.parametrize("example", [SIX, MANY, FAILS])
def test_a_deferred_join_mails_one_whole_report(play: Play, example: int) -> None:
    played = play(SLUG, "send", example)
    (mail,) = played.outbox

    assert mail["subject"].startswith("All the news about")
    assert [line.partition(".")[0] for line in mail["body"].splitlines()] == [
        str(number) for number in range(1, len(notes(example)) + 1)
    ]
    assert played.visited.count("sum_up") == len(notes(example))
    assert played.visited[-1] == "report"


@pytest.mark.parametrize("example", [SIX, MANY, FAILS])
def test_both_lanes_end_with_the_same_lines(play: Play, example: int) -> None:
    loop, send = (play(SLUG, lane, example) for lane in LANES)

    assert loop.outbox[-1]["body"] == send.outbox[-1]["body"]
    assert loop.outbox[-1]["subject"] == send.outbox[-1]["subject"]


def test_more_notes_than_run_at_one_time_are_all_worked_on_once(sqlite_lab: Lab, play: Play) -> None:
    played = play(SLUG, "send", MANY)

    assert len(notes(MANY)) > sqlite_lab.settings.max_concurrency
    assert sorted(line["number"] for line in played.values["lines"]) == list(range(1, 25))


def test_a_note_that_fails_is_asked_about_again_alone(sqlite_lab: Lab, play: Play) -> None:
    played = play(SLUG, "send", FAILS)
    steps = [step for step in view_of(sqlite_lab, played.thread_id).steps if step.path == ("sum_up",)]
    (failed,) = [step for step in steps if step.failed_attempts]

    assert failed.wrote["lines"][0]["number"] == PATTERN.examples[FAILS].input["failing"]
    assert figures(sqlite_lab, "send", played.thread_id)["Calls for notes"] == "5"


def test_a_loop_asks_about_the_notes_before_the_one_that_failed_again(sqlite_lab: Lab, play: Play) -> None:
    played = play(SLUG, "loop", FAILS)

    assert figures(sqlite_lab, "loop", played.thread_id)["Calls for notes"] == "8"
    assert len(played.values["lines"]) == 5


def test_six_tasks_of_equal_length_take_less_than_half_of_the_loop_s_time(sqlite_lab: Lab) -> None:
    text = "\n".join(f"Crane {number} has a new rope and a new hook for the long boxes." for number in range(1, 7))
    workspace, took = sqlite_lab.workspace("tests"), {}
    for lane in LANES:
        thread_id = workspace.start(SLUG, lane, {"notes": text, "failing": 0}, pace=40).thread_id
        ended(workspace, thread_id)
        spans = [
            span for step in view_of(sqlite_lab, thread_id).steps if step.path[-1] in MAPPED for span in step.spans
        ]
        took[lane] = max(end for _, end in spans) - min(begin for begin, _ in spans)

    # The offline model really takes the time of its twelve words, six times in a row or at one time.
    assert took["loop"] > 1.5
    assert took["send"] < 0.5 * took["loop"]


def test_the_figures_tell_how_often_the_report_ran(sqlite_lab: Lab, play: Play) -> None:
    loop, send = (figures(sqlite_lab, lane, play(SLUG, lane, SIX).thread_id) for lane in LANES)

    assert (loop["Reports"], loop["Tasks"]) == ("2", "1")
    assert (send["Reports"], send["Tasks"]) == ("1", "6")
    assert loop["Calls for notes"] == send["Calls for notes"] == "6"


def test_before_anything_ran_there_are_figures(sqlite_lab: Lab) -> None:
    thread_id = (
        sqlite_lab.workspace("tests").start(SLUG, "send", {"notes": "\n".join("x" * 41), "failing": 0}).thread_id
    )
    ended(sqlite_lab.workspace("tests"), thread_id)

    assert figures(sqlite_lab, "send", thread_id)["Reports"] == "0"
    assert sqlite_lab.workspace("tests").history.outcome(thread_id) == "0 mails after 0 lines, stopped by an error"


@pytest.mark.parametrize("text", [" \n ", "\n".join(["note"] * (MOST + 1))])
def test_too_few_notes_and_too_many_are_refused(text: str) -> None:
    with pytest.raises(InvalidNotes):
        read({"notes": text, "failing": 0})  # type: ignore[typeddict-item]


@pytest.mark.parametrize("lane", LANES)
def test_the_report_follows_the_notes(play: Play, lane: str) -> None:
    played = play(SLUG, lane, Example("one", {"notes": "Lanterns, lanterns everywhere!", "failing": 0}))

    assert played.outbox[-1]["body"] == "1. Lanterns, lanterns everywhere!."
    assert played.outbox[-1]["subject"] == "All the news about lanterns"


OUTCOMES = {
    ("loop", SIX): "2 mails with 6 lines, the first without a headline",
    ("loop", MANY): "2 mails with 24 lines, the first without a headline",
    ("loop", FAILS): "2 mails with 5 lines, the first without a headline",
    ("send", SIX): "1 mail with a headline and 6 lines",
    ("send", MANY): "1 mail with a headline and 24 lines",
    ("send", FAILS): "1 mail with a headline and 5 lines",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_how_many_mails_left_and_what_the_first_one_lacks(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]
