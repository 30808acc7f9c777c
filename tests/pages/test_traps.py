"""The page Traps: every mistake of the catalogue beside its cure, and what it costs once both were run."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import CATALOGUE
from lab.errors import TooManyRuns
from lab.threads import Thread
from lab.workspace import Workspace
from pages.traps import TRAPS
from tests.support.app_pages import badges, markdowns, open_page, press, well

pytestmark = pytest.mark.usefixtures("pages_lab")

SWALLOWED, FORGETS, REWIND = "swallowed-interrupt_swallowed", "conversation-memory_forgets", "time-travel_rewind"


def run_to_its_end(at: AppTest, here: Workspace) -> None:
    """Draw the page as its own look does, until nothing of it runs any more."""
    for _ in range(40):
        for thread in here.threads.newest():
            assert here.wait(thread.thread_id, 60)
        at.run()
        well(at)
        if "Running" not in badges(at) and "Next in line" not in badges(at):
            return
    raise AssertionError("The traps never came to their end.")


def figures(at: AppTest) -> list[tuple[str, str]]:
    return [(str(one.label), str(one.value)) for one in at.metric]


def test_every_trap_of_the_catalogue_is_listed_with_its_cure_and_a_button_that_runs_both() -> None:
    at = open_page("traps")
    headings = [str(one.value) for one in at.header]

    for name, (pattern, lane) in TRAPS.items():
        assert f"{pattern.title}: {lane.title}" in headings
        assert at.button(key=f"trap_{name}_run").label == "Run both"
        assert f":material/warning: **What goes wrong.** {lane.trap}" in markdowns(at)
        assert lane.harm is not None
        assert f":material/healing: **Cure: {pattern.lane(lane.harm.cure).title}." in markdowns(at)


def test_a_mistake_that_no_lane_runs_is_told_without_a_button() -> None:
    at = open_page("traps")
    (pattern,) = [one for one in CATALOGUE if one.untried_trap]

    assert f"{pattern.title}: not run" in [str(one.value) for one in at.header]
    assert f"trap_{pattern.slug}_run" not in {str(one.key) for one in at.button}


def test_before_a_run_no_figure_is_shown() -> None:
    assert figures(open_page("traps")) == []


def test_a_run_takes_both_to_their_end_and_shows_the_difference_in_figures(here: Workspace) -> None:
    at = open_page("traps")
    press(at, f"trap_{SWALLOWED}_run")
    run_to_its_end(at, here)

    assert figures(at) == [("Payments nobody was asked about", "1"), ("Payments nobody was asked about", "0")]
    assert "nobody was asked" in markdowns(at)
    assert "approved by a person" in markdowns(at)


def test_all_run_one_after_the_other_within_what_a_workspace_may_run_at_once(here: Workspace) -> None:
    at = open_page("traps")
    for name in (FORGETS, REWIND, SWALLOWED):
        press(at, f"trap_{name}_run")
    run_to_its_end(at, here)

    assert len(figures(at)) == 6
    assert not at.warning


def test_what_was_run_is_opened_side_by_side(here: Workspace) -> None:
    at = open_page("traps")
    press(at, f"trap_{SWALLOWED}_run")
    run_to_its_end(at, here)
    threads = here.threads.newest(pattern="swallowed-interrupt")

    assert {thread.lane for thread in threads} == {"swallowed", "raised"}
    assert len({thread.session for thread in threads}) == 1
    assert "Open this run" in [link.proto.label for link in at.get("page_link")]


def test_a_second_run_is_of_new_threads(here: Workspace) -> None:
    at = open_page("traps")
    for _ in range(2):
        press(at, f"trap_{SWALLOWED}_run")
        run_to_its_end(at, here)

    assert len({thread.session for thread in here.threads.newest(pattern="swallowed-interrupt")}) == 2


@pytest.mark.parametrize("deleted", [{"swallowed"}, {"raised"}, {"swallowed", "raised"}])
def test_a_run_of_which_a_thread_was_deleted_counts_as_none(here: Workspace, deleted: set[str]) -> None:
    at = open_page("traps")
    press(at, f"trap_{SWALLOWED}_run")
    run_to_its_end(at, here)
    for thread in here.threads.newest():
        if thread.lane in deleted:
            here.threads.delete(thread.thread_id)
    at.run()
    well(at)

    assert figures(at) == []


@pytest.mark.parametrize("room", [0, 1])
def test_a_trap_that_finds_no_room_among_the_runs_stays_in_line_until_there_is_some(
    here: Workspace, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    at, start = open_page("traps"), Workspace.start
    begun: list[Any] = []

    def limited(self: Workspace, *args: Any, **options: Any) -> Thread:
        if len(begun) >= room:
            raise TooManyRuns(room)
        begun.append(args)
        return start(self, *args, **options)

    monkeypatch.setattr(Workspace, "start", limited)
    press(at, f"trap_{SWALLOWED}_run")
    for _ in range(3):
        at.run()
    well(at)
    assert not at.warning
    assert figures(at) == []
    monkeypatch.setattr(Workspace, "start", start)
    run_to_its_end(at, here)

    assert [value for _, value in figures(at)] == ["1", "0"]
    assert len(here.threads.newest()) == 2
