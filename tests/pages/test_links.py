"""The ways back to a thread: a link with all that it names, and the list of threads."""

import pytest

from graphs.catalogue import find
from lab.lab import Lab
from lab.workspace_cookie import LOCAL
from tests.support.app_pages import badges, open_page, start, well

pytestmark = pytest.mark.usefixtures("pages_lab")

EXPENSE, BREAKPOINTS, PIPELINE = find("expense-approval"), find("breakpoints"), find("linear-pipeline")


def test_a_link_opens_the_thread_lane_tab_and_checkpoint_that_it_names(pages_lab: Lab) -> None:
    at = open_page("expense-approval")
    start(at, EXPENSE, 1)
    thread = next(found for found in pages_lab.workspace(LOCAL).threads.newest() if found.lane == "dynamic")
    earlier = pages_lab.workspace(LOCAL).history.page(thread.thread_id).rows[0].checkpoint_id
    there = open_page(
        "expense-approval", thread=thread.thread_id, lane="dynamic", tab="Checkpoints", checkpoint=earlier
    )
    assert badges(there) == ["Paused", "Waiting for an answer"]
    assert there.segmented_control(key="expense-approval_lane").value == "dynamic"
    assert there.query_params["checkpoint"] == earlier
    assert any("After step -1" in found.value for found in there.markdown)


def test_a_checkpoint_that_does_not_exist_leaves_the_newest_one_on_show() -> None:
    at = open_page("linear-pipeline")
    start(at, PIPELINE)
    there = open_page("linear-pipeline", thread=str(at.query_params["thread"]), checkpoint="made-up")
    assert any("After step 3" in found.value for found in there.markdown)


def test_the_slider_moves_to_the_checkpoint_before_and_names_it_in_the_address(pages_lab: Lab) -> None:
    at = open_page("linear-pipeline")
    start(at, PIPELINE)
    at.slider[-1].set_value(0).run()
    well(at)
    assert any("After step 0" in found.value for found in at.markdown)
    rows = pages_lab.workspace(LOCAL).history.page(str(at.query_params["thread"])).rows
    assert at.query_params["checkpoint"] == rows[1].checkpoint_id


@pytest.mark.parametrize("unknown", ["00000000-0000-0000-0000-000000000000", "'; drop table", "x" * 5000])
def test_a_link_to_no_thread_says_so_and_the_page_works(unknown: str) -> None:
    at = open_page("linear-pipeline", thread=unknown)
    assert "There is no thread" in at.warning[0].value
    start(at, PIPELINE)
    assert badges(at) == ["Finished"]
    assert not at.warning


def test_a_link_to_a_thread_of_another_pattern_says_so() -> None:
    at = open_page("breakpoints")
    start(at, BREAKPOINTS)
    there = open_page("linear-pipeline", thread=str(at.query_params["thread"]))
    assert "breakpoints" in there.warning[0].value.replace("\\", "")
    assert badges(there) == ["Not started"]


def test_the_list_of_threads_leads_back_to_each_one() -> None:
    at = open_page("expense-approval")
    start(at, EXPENSE, 1)
    there = open_page("threads")
    links = [link.proto for link in there.main.get("page_link") if link.proto.page != "explorer"]
    assert [link.page for link in links] == ["expense-approval", "expense-approval"]
    assert {part for link in links for part in link.query_string.split("&")} >= {"lane=static", "lane=dynamic"}
    assert sorted(badges(there)) == ["Can go on", "Waiting for an answer"]


def test_a_thread_of_a_pattern_that_is_gone_leaves_the_others_in_the_list(pages_lab: Lab) -> None:
    pages_lab.threads.create(LOCAL, "gone", "lane", "session", "Old", "offline")
    start(open_page("breakpoints"), BREAKPOINTS)
    there = open_page("threads")
    assert [link.proto.page for link in there.main.get("page_link")] == ["breakpoints", "explorer"]
    assert any("This version doesn't have its pattern" in found.value.replace("\\", "") for found in there.caption)


def test_the_list_of_threads_says_where_to_begin_while_it_is_empty() -> None:
    at = open_page("threads")
    assert at.title[0].value == "Threads"
    assert "No thread yet" in at.info[0].value
