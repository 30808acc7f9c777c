"""Ways back on a pattern's page: what the card says before, what it left, and threads side by side."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from lab.lab import Lab
from lab.workspace_cookie import LOCAL
from tests.support.app_pages import badges, go_back, markdowns, open_page, play, press, start, steps, texts
from tests.support.example_player import before, ended

pytestmark = pytest.mark.usefixtures("pages_lab")

TRAVEL, REDUCER = find("time-travel"), find("stateful-reducer")
REWIND, REPLAY, FORK = TRAVEL.lanes


def mails(lab: Lab, lane: str) -> list[str]:
    here = lab.workspace(LOCAL)
    return [
        row["body"]
        for row in here.threads.business("outbox", [one.thread_id for one in here.threads.newest() if one.lane == lane])
    ]


def differences(at: AppTest) -> str:
    """Return all that the page draws as HTML."""
    found: list[Any] = list(at.main.get("html"))
    return "\n".join(str(one.proto.body) for one in found)


def side_by_side(at: AppTest) -> list[tuple[str, ...]]:
    """Return lane, average, true mean and agreement of each row of the threads' table."""
    frame = next(table.value for table in at.dataframe if "True mean" in table.value)
    columns = ("Lane", "Average by the reducer", "True mean", "Agree")
    return [tuple(row) for row in frame[list(columns)].itertuples(index=False)]


def test_nothing_offers_a_way_back_before_anything_ran() -> None:
    at = open_page("time-travel")
    assert [button.key for button in at.button if str(button.key).endswith("_back")] == []


def test_the_card_says_what_runs_again_and_what_it_acts_upon() -> None:
    at = open_page("time-travel")
    start(at, TRAVEL)
    said = markdowns(at)
    assert said.count("Runs again, for real: `write`, `send`. `send` acts again on the outbox.") == 2
    assert "where nothing is left to run." in said


def test_a_rewind_is_told_by_what_is_there_afterwards(pages_lab: Lab) -> None:
    at = open_page("time-travel")
    start(at, TRAVEL)
    go_back(at, TRAVEL, REWIND, "write", {})
    assert "Ran since then: nothing." in markdowns(at)
    assert "1 appended" in differences(at)
    assert badges(at) == ["Finished"] * 3
    assert len(mails(pages_lab, "rewind")) == 1


def test_a_replay_is_compared_with_the_end_before(pages_lab: Lab) -> None:
    at = open_page("time-travel")
    start(at, TRAVEL)
    go_back(at, TRAVEL, REPLAY, "send", {})
    assert "Ran since then: `send`." in markdowns(at)
    assert any("both states are the same" in found.value for found in at.info)
    assert len(mails(pages_lab, "replay")) == 2


def test_the_card_replays_what_acts_outside_the_state_on_confirmation_alone(pages_lab: Lab) -> None:
    at = open_page("time-travel")
    start(at, TRAVEL)
    assert [box.label for box in at.checkbox] == ["Do it again, for real"]
    assert at.button(key="time-travel_replay_back").disabled
    assert not at.button(key="time-travel_fork_back").disabled

    go_back(at, TRAVEL, REPLAY, "send", {})
    assert len(mails(pages_lab, "replay")) == 2
    assert not at.checkbox[0].value
    assert at.button(key="time-travel_replay_back").disabled


def test_a_fork_s_form_holds_the_state_there_and_its_edit_is_what_runs_on(pages_lab: Lab) -> None:
    at = open_page("time-travel")
    start(at, TRAVEL)
    go_back(at, TRAVEL, FORK, "outline", {"topic": "Rain"})
    assert "Ran since then: `outline`, `write`, `send`." in markdowns(at)
    assert "rain" in mails(pages_lab, "fork")[-1]
    assert "lighthouse" in mails(pages_lab, "fork")[0]


def test_a_fork_without_an_edit_is_refused_and_runs_nothing(pages_lab: Lab) -> None:
    at = open_page("time-travel")
    start(at, TRAVEL, values={"topic": "No example's, so that nothing is filled in"})
    press(at, "time-travel_fork_back")
    assert any("No field was changed" in found.value for found in at.warning)
    assert len(mails(pages_lab, "fork")) == 1


def test_a_fork_s_value_that_does_not_fit_is_told_at_its_field(pages_lab: Lab) -> None:
    at = open_page("time-travel")
    start(at, TRAVEL)
    go_back(at, TRAVEL, FORK, "outline", {"topic": ""})
    assert any("'Topic' is empty." in text for text in texts(at))
    assert len(mails(pages_lab, "fork")) == 1


def test_a_failed_lane_goes_back_too_and_says_what_failed_again() -> None:
    at = open_page("time-travel")
    play(at, TRAVEL, 3)
    assert badges(at) == ["Failed", "Failed", "Finished"]
    assert markdowns(at).count("Ran since then: nothing. Failed: `outline`.") == 2


def test_one_can_go_back_again_on_the_new_branch() -> None:
    at = open_page("time-travel")
    start(at, TRAVEL)
    go_back(at, TRAVEL, REPLAY, "write", {})
    go_back(at, TRAVEL, REPLAY, "outline", {})
    assert "Ran since then: `outline`, `write`, `send`." in markdowns(at)
    assert steps(at)[-6:-3] == ["outline", "write", "send"]


def test_threads_and_replays_stand_side_by_side_with_what_each_says() -> None:
    at = open_page("stateful-reducer", tab="Threads")
    play(at, REDUCER, 2)
    assert side_by_side(at) == [
        ("Object with memory", "10", "10", "yes"),
        ("Object with memory", "40", "10", "no"),
        ("Object with memory", "55", "100", "no"),
        ("Pure function", "10", "10", "yes"),
        ("Pure function", "10", "10", "yes"),
        ("Pure function", "100", "100", "yes"),
    ]


def test_a_thread_that_failed_stands_in_the_table_without_an_average() -> None:
    at = open_page("stateful-reducer", tab="Threads")
    start(at, REDUCER, 3)
    assert side_by_side(at) == [("Object with memory", "-", "-", "-"), ("Pure function", "-", "-", "-")]


def test_the_newest_six_threads_of_each_lane_are_listed() -> None:
    at = open_page("stateful-reducer", tab="Threads")
    for number in range(7):
        start(at, REDUCER, 0, {"numbers": str(number)})
    assert [row[1:] for row in side_by_side(at)[6:]] == [(str(n), str(n), "yes") for n in range(1, 7)]


def test_a_page_whose_pattern_compares_nothing_has_no_such_table() -> None:
    at = open_page("time-travel")
    assert "Threads" not in [tab.label for tab in at.tabs]
    assert "Threads" in [tab.label for tab in open_page("stateful-reducer").tabs]


def test_checkpoints_on_branches_of_one_name_are_told_apart(pages_lab: Lab) -> None:
    at = open_page("time-travel")
    start(at, TRAVEL)
    here = pages_lab.workspace(LOCAL)
    thread = next(one.thread_id for one in here.threads.newest() if one.lane == "replay")
    for _ in range(2):
        here.travel.replay(thread, before(here, thread, "send"), label="again", pace=0, confirmed=True)
        ended(here, thread)
    at.run()
    (options,) = [found.options for found in at.selectbox if str(found.key).startswith("time-travel_replay_")]
    assert len(set(options)) == len(options) == 5
    assert options[-1] == "3: after going back, send next (again (3))"
