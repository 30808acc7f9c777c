"""The page of all threads without a browser: keeping, losing, finding, and bearing what is damaged."""

import io

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from lab.lab import Lab
from lab.threads import Thread
from lab.visitors import LOCAL
from lab.workspace import Workspace
from pages.threads import SHOWN
from tests.pages import badges, markdowns, open_page, press, well
from ui.inspect_tabs import TABS
from ui.text import sized

HOSTILE = "<b>bold</b> ![x](http://192.0.2.1/x.png) `code` :red[red] $a$"
TEXT = {"text": "One. Two. Three."}


@pytest.fixture
def here(pages_lab: Lab) -> Workspace:
    """The visitor's own workspace."""
    return pages_lab.workspace(LOCAL)


def made(here: Workspace, title: str = "A thread", slug: str = "linear-pipeline", lane: str = "pipeline") -> Thread:
    thread = here.start(slug, lane, TEXT)
    assert here.wait(thread.thread_id)
    here.rename(thread.thread_id, title)
    return here.thread(thread.thread_id)


def branched(here: Workspace) -> Thread:
    """Makes a thread of three branches."""
    thread = made(here, "Branched")
    first = here.history(thread.thread_id).rows[1].checkpoint_id
    for label in ("second", "third"):
        here.replay(thread.thread_id, first, label=label)
        assert here.wait(thread.thread_id)
    assert len(here.heads(thread.thread_id)) == 3
    return thread


def choose(at: AppTest, thread: Thread, action: str) -> None:
    at.menu_button(key=f"actions_{thread.thread_id}").click(action).run()
    well(at)


def links(at: AppTest) -> list[str]:
    """Gives the labels of the links to threads; beside each is one to its history."""
    return [link.proto.label for link in at.main.get("page_link") if link.proto.page != "explorer"]


def test_each_thread_with_checkpoints_leads_to_its_history(here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    (history,) = (link.proto for link in at.main.get("page_link") if link.proto.page == "explorer")
    assert (history.label, history.query_string) == ("History", f"thread={thread.thread_id}")


def titles(here: Workspace) -> list[str]:
    return [thread.title for thread in here.threads()]


def keys(at: AppTest) -> set[str]:
    return {str(button.key) for button in at.button}


def test_without_threads_the_page_says_how_to_get_one(here: Workspace) -> None:
    at = open_page("threads")
    assert "No thread yet" in markdowns(at)
    assert "threads_import" in keys(at)
    assert len(at.text_input) == 0


def test_a_row_says_what_the_thread_is_and_takes(here: Workspace) -> None:
    thread = made(here, "A cheap flight")
    at = open_page("threads")
    (link,) = [found for found in at.main.get("page_link") if found.proto.page == "linear-pipeline"]
    assert (link.proto.label, thread.thread_id in link.proto.query_string) == ("A cheap flight", True)
    pattern = find("linear-pipeline")
    what = f"{pattern.title} › {pattern.lane('pipeline').title} · 5 checkpoints · "
    assert what in markdowns(at).replace("\\", "")
    assert "Finished" in markdowns(at)
    assert "1 thread" in markdowns(at)


def test_a_title_is_never_markdown(here: Workspace) -> None:
    thread = made(here, HOSTILE)
    at = open_page("threads")
    for action in ("rename", "copy", "export", "prune", "delete"):
        choose(at, thread, action)
        for found in [*links(at), markdowns(at)]:
            assert "![x](" not in found
            assert ":red[" not in found


def test_a_thread_is_renamed(here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    choose(at, thread, "rename")
    assert at.text_input(key="rename_title").value == "A thread"
    at.text_input(key="rename_title").set_value("Another name")
    press(at, "rename_do")
    assert titles(here) == ["Another name"]
    assert "Another name" in links(at)
    assert "Renamed to **Another name**" in at.success[0].value
    assert "rename_do" not in keys(at)


def test_an_empty_title_is_refused_where_it_was_typed(here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    choose(at, thread, "rename")
    at.text_input(key="rename_title").set_value("  ")
    press(at, "rename_do")
    assert titles(here) == ["A thread"]
    assert "it is empty" in at.warning[0].value
    assert "rename_do" in keys(at)


def test_a_thread_is_copied_and_the_copy_linked(here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    choose(at, thread, "copy")
    press(at, "copy_do")
    copied = here.threads()[0]
    assert titles(here) == ["A thread (copy)", "A thread"]
    assert links(at) == ["Open it", "A thread \\(copy\\)", "A thread"]
    assert copied.thread_id in at.main.get("page_link")[0].proto.query_string
    assert "Open it" not in links(at.run())


def test_a_thread_is_deleted_once_that_is_confirmed(here: Workspace) -> None:
    kept, thread = made(here, "Kept"), made(here, "Gone")
    at = open_page("linear-pipeline", thread=thread.thread_id)
    at = open_page("threads", at)
    choose(at, thread, "delete")
    assert "This deletes it with 5 checkpoints" in markdowns(at)
    assert len(here.threads()) == 2
    press(at, "delete_do")
    assert [found.thread_id for found in here.threads()] == [kept.thread_id]
    assert "Deleted **Gone**" in at.success[0].value
    assert links(at) == ["Kept"]
    del at.query_params["thread"]
    assert not open_page("linear-pipeline", at).warning


def test_a_deletion_that_is_not_wanted_after_all_does_nothing(here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    choose(at, thread, "delete")
    press(at, "delete_cancel")
    assert titles(here) == ["A thread"]
    assert "delete_do" not in keys(at)


def test_what_was_booked_and_sent_is_named_before_it_is_deleted(pages_lab: Lab, here: Workspace) -> None:
    thread = made(here)
    world = pages_lab.world(thread.thread_id)
    world.ledger.charge("order", 1200)
    world.ledger.charge("another", 300)
    world.outbox.send("anna@example.org", "Hello", "Good morning.")
    at = open_page("threads")
    choose(at, thread, "delete")
    assert "2 bookings of the ledger and 1 mail of the outbox" in markdowns(at)
    press(at, "delete_do")
    assert here.threads() == ()


def test_a_thread_goes_into_a_file_and_comes_back_from_it(here: Workspace) -> None:
    thread = made(here, "There and back")
    at = open_page("threads")
    choose(at, thread, "export")
    assert at.download_button(key="export_download").label.startswith("Download the file (")
    data = b"".join(here.export(thread.thread_id))
    here.delete(thread.thread_id)
    at = open_page("threads")
    press(at, "threads_import")
    at.file_uploader(key="import_file").upload("thread.jsonl", data)
    press(at, "import_do")
    (again,) = here.threads()
    assert (again.title, again.thread_id != thread.thread_id) == ("There and back", True)
    assert "Imported **There and back**" in at.success[0].value
    assert again.thread_id in at.main.get("page_link")[0].proto.query_string


def test_a_large_thread_is_written_to_a_file_when_asked_for(here: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.threads_menu.AT_ONCE", 100)
    thread = made(here)
    at = open_page("threads")
    choose(at, thread, "export")
    assert len(at.download_button) == 0
    press(at, "export_prepare")
    assert at.download_button(key="export_download").label


@pytest.mark.parametrize("data", [b"Dear diary", b"{}\n", b"\xff\x00" * 50])
def test_a_file_that_is_no_export_is_refused_with_a_reason(here: Workspace, data: bytes) -> None:
    at = open_page("threads")
    press(at, "threads_import")
    at.file_uploader(key="import_file").upload("diary.txt", data)
    press(at, "import_do")
    assert "Nothing was changed" in at.warning[0].value
    assert here.threads() == ()
    assert "import_do" in keys(at)


def test_an_import_without_a_file_asks_for_one(here: Workspace) -> None:
    at = open_page("threads")
    press(at, "threads_import")
    press(at, "import_do")
    assert "No file was chosen" in at.warning[0].value


def mark(at: AppTest, here: Workspace, thread: Thread, *rows: int) -> None:
    tree = here.tree(thread.thread_id)
    key = f"prune_branches_{tree.head}_{len(tree.branches)}"
    at.session_state[key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    at.run()
    well(at)


def test_marked_branches_are_pruned(here: Workspace) -> None:
    thread = branched(here)
    ends = here.heads(thread.thread_id)
    at = open_page("threads")
    choose(at, thread, "prune")
    assert at.button(key="prune_do").disabled
    mark(at, here, thread, 0, 2)
    assert "This deletes 2 branches with" in markdowns(at)
    assert "goes on from the end of **second**" in markdowns(at)
    press(at, "prune_do")
    assert here.heads(thread.thread_id) == (ends[1],)
    assert "2 branches and" in at.success[0].value


def test_one_branch_at_least_stays(here: Workspace) -> None:
    thread = branched(here)
    at = open_page("threads")
    choose(at, thread, "prune")
    mark(at, here, thread, 0, 1, 2)
    assert "At least one branch stays" in markdowns(at)
    assert at.button(key="prune_do").disabled
    press(at, "prune_cancel")
    assert len(here.heads(thread.thread_id)) == 3


def test_all_but_the_newest_branches_are_pruned(here: Workspace) -> None:
    thread = branched(here)
    ends = here.heads(thread.thread_id)
    at = open_page("threads")
    choose(at, thread, "prune")
    at.segmented_control(key="prune_way").set_value("newest").run()
    at.number_input(key="prune_newest").set_value(2).run()
    assert "This deletes 1 branch with" in markdowns(at)
    press(at, "prune_do")
    assert here.heads(thread.thread_id) == ends[:2]


def test_a_thread_of_one_branch_has_nothing_to_prune(here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    choose(at, thread, "prune")
    assert "one branch only" in markdowns(at)
    assert "prune_do" not in keys(at)


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
    assert [thread.thread_id for thread in here.threads()] == [good.thread_id]
    choose(at, good, "export")
    assert at.download_button(key="export_download").label


@pytest.mark.parametrize("tab", TABS)
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


def test_a_running_thread_is_not_deleted(pages_lab: Lab, here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    pages_lab.runs.claim(thread.thread_id)
    choose(at, thread, "delete")
    press(at, "delete_do")
    assert "is running" in at.warning[-1].value
    assert titles(here) == ["A thread"]
    pages_lab.runs.release(thread.thread_id)
    press(at, "delete_do")
    assert here.threads() == ()


def test_a_thread_that_was_deleted_in_another_tab_is_missed_politely(here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    here.delete(thread.thread_id)
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
    assert "No thread has that" in markdowns(at)


def test_a_filter_stands_in_the_address(here: Workspace) -> None:
    made(here, "Apples"), made(here, "Pears")
    assert links(open_page("threads", threads_text="pear")) == ["Pears"]
    assert links(open_page("threads", threads_pattern="no-such-pattern")) == ["Pears", "Apples"]


def test_a_long_list_is_paged(here: Workspace) -> None:
    first = made(here, "number 0")
    for number in range(1, SHOWN + 1):
        here.copy(first.thread_id, f"number {number}")
    at = open_page("threads")
    assert len(links(at)) == SHOWN
    at.pagination(key="threads_page").select(2).run()
    assert links(at) == ["number 0"]
    assert f"{SHOWN + 1} threads" in markdowns(at)

    choose(at, first, "delete")
    press(at, "delete_do")
    assert len(links(at)) == SHOWN
    assert len(at.pagination) == 0


def test_a_search_begins_at_the_first_page(here: Workspace) -> None:
    first = made(here, "number 0")
    for number in range(1, 2 * SHOWN + 1):
        here.copy(first.thread_id, f"number {number}")
    at = open_page("threads", threads_page="3")
    assert links(at) == ["number 0"]
    at.text_input(key="threads_text").set_value("number").run()
    assert links(at)[0] == f"number {2 * SHOWN}"


def test_compaction_says_what_it_gave_back(here: Workspace) -> None:
    first = made(here)
    assert open_page("threads").button(key="threads_compact").disabled
    for thread in [here.copy(first.thread_id) for _ in range(30)]:
        here.delete(thread.thread_id)
    at = open_page("threads")
    assert "of it free" in markdowns(at)
    press(at, "threads_compact")
    assert "were given back to the disk" in at.success[0].value
    assert "of it free" not in markdowns(at)
    assert titles(here) == ["A thread"]


def test_compaction_is_refused_while_a_thread_is_running(pages_lab: Lab, here: Workspace) -> None:
    first = made(here)
    for thread in [here.copy(first.thread_id) for _ in range(30)]:
        here.delete(thread.thread_id)
    at = open_page("threads")
    pages_lab.runs.claim(first.thread_id)
    press(at, "threads_compact")
    assert "A thread is running" in at.warning[0].value
    pages_lab.runs.release(first.thread_id)


def test_a_file_of_another_lab_belongs_to_whoever_imports_it(pages_lab: Lab, here: Workspace) -> None:
    stranger = pages_lab.workspace("stranger")
    thread = made(stranger, "Theirs")
    here.take_in(io.BytesIO(b"".join(stranger.export(thread.thread_id))))
    assert links(open_page("threads")) == ["Theirs"]
    assert [found.thread_id for found in stranger.threads()] == [thread.thread_id]


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
