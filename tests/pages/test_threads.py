"""The page of all threads without a browser: each is renamed, copied, exported, imported, pruned and deleted."""

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from lab.errors import UnknownThread
from lab.lab import Lab
from lab.threads import Thread
from lab.workspace import History, Workspace, WorkspaceThreads
from tests.support.app_pages import markdowns, open_page, press, well
from tests.support.thread_pages import HOSTILE, branched, choose, keys, links, made, titles


def test_each_thread_with_checkpoints_leads_to_its_history(here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    (history,) = (link.proto for link in at.main.get("page_link") if link.proto.page == "explorer")
    assert (history.label, history.query_string) == ("History", f"thread={thread.thread_id}")


def test_without_threads_the_page_says_how_to_get_one(here: Workspace) -> None:
    at = open_page("threads")
    assert "No thread yet" in markdowns(at)
    assert "threads_import" in keys(at)
    assert len(at.main.text_input) == 0


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
    assert "The title is empty" in at.warning[0].value
    assert "rename_do" in keys(at)


def test_a_thread_is_copied_and_the_copy_linked(here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    choose(at, thread, "copy")
    press(at, "copy_do")
    copied = here.threads.newest()[0]
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
    assert "What people decided stays on the page *Decisions*." in markdowns(at)
    assert len(here.threads.newest()) == 2
    press(at, "delete_do")
    assert [found.thread_id for found in here.threads.newest()] == [kept.thread_id]
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
    assert here.threads.newest() == ()


def test_a_thread_goes_into_a_file_and_comes_back_from_it(here: Workspace) -> None:
    thread = made(here, "There and back")
    at = open_page("threads")
    choose(at, thread, "export")
    assert at.download_button(key="export_download").label.startswith("Download the file (")
    data = b"".join(here.threads.export(thread.thread_id))
    here.threads.delete(thread.thread_id)
    at = open_page("threads")
    press(at, "threads_import")
    at.file_uploader(key="import_file").upload("thread.jsonl", data)
    press(at, "import_do")
    (again,) = here.threads.newest()
    assert (again.title, again.thread_id != thread.thread_id) == ("There and back", True)
    assert "Imported **There and back**" in at.success[0].value
    assert again.thread_id in at.main.get("page_link")[0].proto.query_string


def test_a_file_that_is_imported_twice_makes_threads_that_can_be_told_apart(here: Workspace) -> None:
    data = b"".join(here.threads.export(made(here, "There and back").thread_id))
    for _ in range(3):
        at = open_page("threads")
        press(at, "threads_import")
        at.file_uploader(key="import_file").upload("thread.jsonl", data)
        press(at, "import_do")

    assert sorted(titles(here)) == [
        "There and back",
        "There and back (imported 2)",
        "There and back (imported 3)",
        "There and back (imported)",
    ]


def test_a_large_thread_is_written_to_a_file_when_asked_for(here: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.threads.group_dialogs.AT_ONCE", 100)
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
    assert here.threads.newest() == ()
    assert "import_do" in keys(at)


def test_an_import_without_a_file_asks_for_one(here: Workspace) -> None:
    at = open_page("threads")
    press(at, "threads_import")
    press(at, "import_do")
    assert "No file was chosen" in at.warning[0].value


def mark(at: AppTest, here: Workspace, thread: Thread, *rows: int) -> None:
    tree = here.history.tree(thread.thread_id)
    key = f"prune_branches_{tree.head}_{len(tree.branches)}"
    at.session_state[key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    at.run()
    well(at)


def test_marked_branches_are_pruned(here: Workspace) -> None:
    thread = branched(here)
    ends = here.threads.branch_heads(thread.thread_id)
    at = open_page("threads")
    choose(at, thread, "prune")
    assert at.button(key="prune_do").disabled
    mark(at, here, thread, 0, 2)
    assert "This deletes 2 branches with" in markdowns(at)
    assert "goes on from the end of **second**" in markdowns(at)
    assert "What people decided stays on the page *Decisions*." in markdowns(at)
    press(at, "prune_do")
    assert here.threads.branch_heads(thread.thread_id) == (ends[1],)
    assert "2 branches and" in at.success[0].value


def test_one_branch_at_least_stays(here: Workspace) -> None:
    thread = branched(here)
    at = open_page("threads")
    choose(at, thread, "prune")
    mark(at, here, thread, 0, 1, 2)
    assert "At least one branch stays" in markdowns(at)
    assert at.button(key="prune_do").disabled
    press(at, "prune_cancel")
    assert len(here.threads.branch_heads(thread.thread_id)) == 3


def test_all_but_the_newest_branches_are_pruned(here: Workspace) -> None:
    thread = branched(here)
    ends = here.threads.branch_heads(thread.thread_id)
    at = open_page("threads")
    choose(at, thread, "prune")
    at.segmented_control(key="prune_way").set_value("newest").run()
    at.number_input(key="prune_newest").set_value(2).run()
    assert "This deletes 1 branch with" in markdowns(at)
    press(at, "prune_do")
    assert here.threads.branch_heads(thread.thread_id) == ends[:2]


def test_a_thread_of_one_branch_has_nothing_to_prune(here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    choose(at, thread, "prune")
    assert "one branch only" in markdowns(at)
    assert "prune_do" not in keys(at)


def test_a_running_thread_is_not_deleted(pages_lab: Lab, here: Workspace) -> None:
    thread = made(here)
    at = open_page("threads")
    with pages_lab.runs.claimed(here.name, thread.thread_id):
        choose(at, thread, "delete")
        press(at, "delete_do")
    assert "is running" in at.warning[-1].value
    assert titles(here) == ["A thread"]
    press(at, "delete_do")
    assert here.threads.newest() == ()


@pytest.mark.parametrize(
    ("action", "read"), [("delete", (WorkspaceThreads, "branch_heads")), ("prune", (History, "tree"))]
)
def test_a_thread_that_goes_while_its_dialog_is_open_is_missed_politely(
    here: Workspace, monkeypatch: pytest.MonkeyPatch, action: str, read: tuple[type, str]
) -> None:
    thread = made(here)
    at = open_page("threads")

    def gone(_: object, thread_id: str) -> None:
        raise UnknownThread(thread_id)

    # A dialog that is drawn anew reads the thread without the page around it, which would have found it gone.
    monkeypatch.setattr(*read, gone)
    choose(at, thread, action)
    assert "There is no thread" in at.warning[0].value.replace("\\", "")
    assert f"{action}_do" not in keys(at)
