"""What a replay and a fork leave on the page: a word of what they did, the way on, and a slider that knows the way."""

import pytest

from graphs.catalogue import find
from lab.workspace import Workspace
from tests.pages.test_explorer import approved, at_node, edited, look, workspace
from tests.support.app_pages import confirm, give, markdowns, open_page, press, well
from tests.support.example_player import ended
from tests.support.thread_pages import made

__all__ = ["approved", "workspace"]

pytestmark = pytest.mark.usefixtures("pages_lab")


def test_a_replay_says_what_ran_again_and_which_branch_is_new(workspace: Workspace, approved: str) -> None:
    at = look(approved, "Replay", checkpoint=at_node(workspace, approved, "pay"))
    assert "Replayed from step" not in markdowns(at)
    give(at, f"label_{approved}", "once more")
    confirm(at, f"confirm_{approved}_")
    press(at, f"replay_{approved}")
    ended(workspace, approved)
    at.run()
    said = markdowns(at)
    assert "Replayed from step 2" in said
    assert "Ran: `pay`." in said
    assert "**once more**" in said.replace("\\", "")
    assert "It has reached its end." in said
    assert "checkpoint" not in at.query_params


def test_a_fork_that_stays_paused_offers_to_go_on_where_it_was_made(workspace: Workspace, approved: str) -> None:
    at = edited(workspace, approved, 50.0)
    press(at, f"fork_{approved}")
    assert "It's paused before" in markdowns(at)
    assert "Nothing has run yet." in markdowns(at)
    press(at, f"did_continue_{approved}")
    ended(workspace, approved)
    at.run()
    well(at)
    assert "It has reached its end." in markdowns(at)
    assert workspace.history.status(approved) == "finished"


def test_what_was_done_is_told_no_more_once_another_checkpoint_is_looked_at(
    workspace: Workspace, approved: str
) -> None:
    at = look(approved, "Replay", checkpoint=at_node(workspace, approved, "pay"))
    confirm(at, f"confirm_{approved}_")
    press(at, f"replay_{approved}")
    ended(workspace, approved)
    open_page("explorer", at, thread=approved, checkpoint=at_node(workspace, approved, "submit"))
    assert "Replayed from step" not in markdowns(at)


def test_the_slider_leads_back_along_the_branch_that_it_came_from(workspace: Workspace, approved: str) -> None:
    first = at_node(workspace, approved, "manager")
    workspace.travel.replay(approved, first, pace=0, label="second try", confirmed=True)
    ended(workspace, approved)
    tree = workspace.history.tree(approved)
    way = tree.path(2)
    at = look(approved)
    assert "second try" in at.slider[-1].label
    fork_point = [mark.checkpoint_id for mark in way].index(first)
    at.slider[-1].set_value(way[0].step + fork_point).run()
    well(at)
    assert at.query_params["checkpoint"] == first
    assert "second try" in at.slider[-1].label
    at.slider[-1].set_value(way[0].step + fork_point + 1).run()
    well(at)
    assert at.query_params["checkpoint"] == way[fork_point + 1].checkpoint_id


def test_a_lane_with_a_history_is_open_first_unless_the_address_names_another(workspace: Workspace) -> None:
    at = open_page("conversation-memory")
    press(at, "conversation-memory_run")
    assert at.segmented_control(key="conversation-memory_lane").value == "remembers"
    assert "lane" not in at.query_params
    lane = find("conversation-memory").lanes[0].key
    there = open_page("conversation-memory", thread=str(at.query_params["thread"]), lane=lane)
    assert there.segmented_control(key="conversation-memory_lane").value == lane


def test_each_replay_that_acts_outside_the_state_again_is_confirmed_by_itself(
    workspace: Workspace, approved: str
) -> None:
    at = look(approved, "Replay", checkpoint=at_node(workspace, approved, "pay"))
    (box,) = at.checkbox
    assert box.label == "Do it again, for real"
    assert at.button(key=f"replay_{approved}").disabled
    confirm(at, f"confirm_{approved}_")
    assert not at.button(key=f"replay_{approved}").disabled
    press(at, f"replay_{approved}")
    ended(workspace, approved)
    assert len(workspace.threads.business("ledger", [approved])) == 2

    again = look(approved, "Replay", checkpoint=at_node(workspace, approved, "pay"))
    assert not again.checkbox[0].value
    assert again.button(key=f"replay_{approved}").disabled


def test_a_replay_that_does_nothing_outside_the_state_needs_no_confirmation(here: Workspace) -> None:
    thread_id = made(here).thread_id
    first = here.history.page(thread_id).rows[1].checkpoint_id
    at = look(thread_id, "Replay", checkpoint=first)
    assert not at.checkbox
    assert not at.button(key=f"replay_{thread_id}").disabled
