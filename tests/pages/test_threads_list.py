"""The list of all threads without a browser: finding, paging, room, and bearing what is damaged or gone."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from graphs.catalogue import find
from lab.lab import Lab
from lab.threads import Thread
from lab.workspace import Workspace
from lab.workspace_cookie import NEAR, Visitors
from pages import threads
from pages.threads import FEW, SHOWN
from tests.support.app_pages import badges, markdowns, open_page, press
from tests.support.thread_pages import TEXT, choose, links, listed, made, mark_rows, titles
from ui.common import sized, the_lab
from ui.pattern_page import tab_names


def damaged(lab: Lab, thread: Thread) -> None:
    with lab.storage.database.begin() as connection:
        connection.execute(
            text("UPDATE checkpoints SET checkpoint = x'c1ff' WHERE thread_id = :thread"), {"thread": thread.thread_id}
        )


def test_a_damaged_thread_says_so_and_leaves_the_others_usable(pages_lab: Lab, here: Workspace) -> None:
    good, bad = made(here, "Good"), made(here, "Bad")
    damaged(pages_lab, bad)
    at = open_page("threads")
    assert "Can't be read" in markdowns(at)
    assert "The newest checkpoint of this thread can't be read" in markdowns(at).replace("\\", "")
    assert links(at) == ["Bad", "Good"]
    assert titles(here) == ["Bad", "Good"]

    choose(at, bad, "export")
    assert "can't be exported" in at.warning[0].value.replace("\\", "")
    choose(at, bad, "delete")
    press(at, "delete_do")
    assert [thread.thread_id for thread in here.threads.newest()] == [good.thread_id]
    choose(at, good, "export")
    assert at.download_button(key="export_download").label


@pytest.mark.parametrize("tab", tab_names(find("linear-pipeline")))
def test_the_page_of_a_damaged_thread_says_so_and_shows_the_rest(pages_lab: Lab, here: Workspace, tab: str) -> None:
    bad = made(here, "Bad")
    damaged(pages_lab, bad)
    at = open_page("linear-pipeline", thread=bad.thread_id, tab=tab)
    assert "Can't be read" in badges(at)
    assert "The newest checkpoint of this thread can't be read" in at.warning[0].value.replace("\\", "")
    assert not at.button(key="linear-pipeline_run").disabled


def test_a_thread_of_a_pattern_that_is_gone_is_listed_and_can_be_deleted(pages_lab: Lab, here: Workspace) -> None:
    thread = made(here, "From another time")
    with pages_lab.storage.database.begin() as connection:
        connection.execute(text("UPDATE lab_threads SET pattern = 'bygone' WHERE lane = 'pipeline'"))
    at = open_page("threads")
    assert "Unknown pattern" in markdowns(at)
    assert links(at) == []
    options = at.menu_button(key=f"actions_{thread.thread_id}").options
    assert [option.split(": ")[-1] for option in options] == ["Rename", "Copy", "Delete"]
    for action in ("rename", "copy"):
        choose(at, thread, action)
        press(at, f"{action}_do")
    choose(at, thread, "delete")
    press(at, "delete_do")
    assert titles(here) == ["From another time (copy)"]


def test_a_thread_that_was_deleted_in_another_tab_is_missed_politely(here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    here.threads.delete(thread.thread_id)
    choose(at, thread, "rename")
    assert "There is no thread" in at.warning[0].value.replace("\\", "")


def test_the_list_is_found_through_by_title_and_pattern(here: Workspace) -> None:
    made(here, "Apples"), made(here, "Pears"), made(here, "Apple pie", "parallel", "fan-out")
    at = open_page("threads")
    at.text_input(key="threads_text").set_value("apple").run()
    assert links(at) == ["Apple pie", "Apples"]
    at.selectbox(key="threads_pattern").set_value("parallel").run()
    assert links(at) == ["Apple pie"]
    at.text_input(key="threads_text").set_value("plums").run()
    assert "No thread matches" in markdowns(at)


def test_a_filter_stands_in_the_address(here: Workspace) -> None:
    made(here, "Apples"), made(here, "Pears")
    assert links(open_page("threads", threads_text="pear")) == ["Pears"]
    assert links(open_page("threads", threads_pattern="no-such-pattern")) == ["Pears", "Apples"]


def test_a_long_list_is_paged(here: Workspace) -> None:
    first = made(here, "number 0")
    for number in range(1, SHOWN + 1):
        here.threads.copy(first.thread_id, f"number {number}")
    at = open_page("threads")
    assert len(listed(at)) == SHOWN
    at.pagination(key="threads_page").select(2).run()
    assert listed(at) == ["number 0"]
    assert f"{SHOWN + 1} threads" in markdowns(at)

    mark_rows(at, "number 0")
    choose(at, first, "delete")
    press(at, "delete_do")
    assert len(listed(at)) == SHOWN
    assert len(at.pagination) == 0


def test_a_search_begins_at_the_first_page(here: Workspace) -> None:
    first = made(here, "number 0")
    for number in range(1, 2 * SHOWN + 1):
        here.threads.copy(first.thread_id, f"number {number}")
    at = open_page("threads", threads_page="3")
    assert listed(at) == ["number 0"]
    at.text_input(key="threads_text").set_value("number").run()
    assert listed(at)[0] == f"number {2 * SHOWN}"


@pytest.mark.usefixtures("near")
def test_compaction_says_what_it_gave_back(here: Workspace) -> None:
    first = made(here)
    assert open_page("threads").button(key="threads_compact").disabled
    for thread in [here.threads.copy(first.thread_id) for _ in range(30)]:
        here.threads.delete(thread.thread_id)
    at = open_page("threads")
    assert "of it free" in markdowns(at)
    press(at, "threads_compact")
    assert "were given back to the disk" in at.success[0].value
    assert "of it free" not in markdowns(at)
    assert titles(here) == ["A thread"]


def test_only_a_visitor_at_the_lab_s_own_machine_is_offered_compaction(
    here: Workspace, headers: dict[str, str]
) -> None:
    for thread in [here.threads.copy(made(here).thread_id) for _ in range(30)]:
        here.threads.delete(thread.thread_id)
    told = "which only a browser on the lab's own machine can give back"
    for mark in ("", "near", "true", "made.up"):
        headers[NEAR] = mark
        at = open_page("threads")
        assert not [button for button in at.button if button.key == "threads_compact"]
        assert told in markdowns(at)
    headers[NEAR] = Visitors(the_lab().secret, "shared").near_mark()
    at = open_page("threads")
    assert not at.button(key="threads_compact").disabled
    assert told not in markdowns(at)


@pytest.mark.usefixtures("near")
def test_compaction_is_refused_while_a_thread_is_running(pages_lab: Lab, here: Workspace) -> None:
    first = made(here)
    for thread in [here.threads.copy(first.thread_id) for _ in range(30)]:
        here.threads.delete(thread.thread_id)
    at = open_page("threads")
    with pages_lab.runs.claimed(here.name, first.thread_id):
        press(at, "threads_compact")
    assert "A thread is running" in at.warning[0].value


def test_a_file_of_another_lab_belongs_to_whoever_imports_it(pages_lab: Lab, here: Workspace) -> None:
    stranger = pages_lab.workspace("stranger")
    thread = made(stranger, "Theirs")
    here.threads.import_file(io.BytesIO(b"".join(stranger.threads.export(thread.thread_id))))
    assert links(open_page("threads")) == ["Theirs"]
    assert [found.thread_id for found in stranger.threads.newest()] == [thread.thread_id]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (99_949, "99.9 kB"),
        (99_951, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (123_456_789, "123 MB"),
        (2 * 10**12, "2,000 GB"),
    ],
)
def test_a_size_is_told_in_the_unit_that_suits_it(size: int, said: str) -> None:
    assert sized(size) == said


def test_the_lanes_of_one_run_stand_together_each_with_its_title(here: Workspace) -> None:
    made(here, "Alone")
    for run in ("one", "two"):
        started = [here.start("parallel", lane, TEXT, session=run) for lane in ("fan-out", "sequential")]
        assert all(here.wait(thread.thread_id) for thread in started)
    at = open_page("threads")
    lines = [line.replace("\\", "") for line in links(at)]
    title = "One. Two. Three."

    assert lines == [f"{title} · Sequential", f"{title} · Fan-out and fan-in"] * 2 + ["Alone"]
    assert sum("2 lanes of one run" in caption.value for caption in at.caption) == 2


def test_threads_of_one_title_differ_in_what_their_rows_say(here: Workspace) -> None:
    threads = [made(here, "Twin"), made(here, "Twin")]
    captions = "\n".join(caption.value for caption in open_page("threads").caption)

    assert all(thread.thread_id[:8] in captions for thread in threads)


@pytest.mark.parametrize(("number", "drawing"), [(1, "draw_frames"), (FEW + 1, "draw_table")])
def test_what_becomes_of_a_thread_while_the_list_is_drawn_is_seen_by_the_next_look(
    here: Workspace, monkeypatch: pytest.MonkeyPatch, number: int, drawing: str
) -> None:
    looks: list[tuple[Callable[[], object], object]] = []
    monkeypatch.setattr("pages.threads.watch_others", lambda look, before: looks.append((look, before)))
    oldest, *_ = [made(here, f"Thread {one}") for one in range(number)]
    at = open_page("threads")
    look, before = looks[-1]
    assert look() == before
    drawn = getattr(threads, drawing)

    def draw_and_rename(*given: Any) -> None:
        drawn(*given)
        here.threads.rename(oldest.thread_id, "Another title")

    monkeypatch.setattr(threads, drawing, draw_and_rename)
    at.run()
    look, before = looks[-1]
    assert look() != before
