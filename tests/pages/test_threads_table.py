"""The table of many threads without a browser: what its rows say, and what is done with several of them at once."""

import pytest
from sqlalchemy import text

from graphs.catalogue import find
from lab.lab import Lab
from lab.threads import Thread
from lab.workspace import Workspace
from pages.threads import FEW, SHOWN
from tests.support.app_pages import markdowns, open_page, press
from tests.support.thread_pages import (
    HOSTILE,
    TEXT,
    choose,
    links,
    listed,
    made,
    mark_rows,
    marked,
    table,
    titles,
)


@pytest.fixture
def many(here: Workspace) -> list[Thread]:
    """Provide more threads than have frames, named `number 0` and so on."""
    first = made(here, "number 0")
    return [first, *(here.threads.copy(first.thread_id, f"number {number}") for number in range(1, FEW + 1))]


def test_more_threads_than_a_few_stand_in_a_table(here: Workspace, many: list[Thread]) -> None:
    at = open_page("threads")
    assert listed(at) == titles(here) == [thread.title for thread in reversed(many)]
    here.threads.delete(many[0].thread_id)
    at = open_page("threads")
    assert len(links(at)) == FEW
    assert not [found for found in at.dataframe if "Title" in found.value]


def test_a_row_says_what_its_thread_is_and_takes(here: Workspace, many: list[Thread]) -> None:
    row = table(open_page("threads")).value.iloc[0]
    pattern = find("linear-pipeline")
    assert (row["Pattern"], row["Lane"]) == (pattern.title, pattern.lane("pipeline").title)
    assert (row["Status"], row["Checkpoints"], row["Id"]) == ("Finished", 5, many[-1].thread_id[:8])
    assert row["Size"] == here.threads.sizes([many[-1].thread_id])[many[-1].thread_id].bytes
    assert row["Open"] == "Open"
    assert [label.split(": ")[-1] for label in row["Actions"]] == [
        *("History", "Rename", "Copy", "Export", "Prune branches", "Delete")
    ]


@pytest.mark.usefixtures("many")
def test_the_lanes_of_one_run_stand_together_in_the_table(here: Workspace) -> None:
    started = [here.start("parallel", lane, TEXT, session="one") for lane in ("fan-out", "sequential")]
    assert all(here.wait(thread.thread_id) for thread in started)
    rows = table(open_page("threads")).value
    assert list(rows["Lane"][:2]) == ["Sequential", "Fan-out and fan-in"]
    assert list(rows["Run"][:3]) == ["┌ 1 of 2", "└ 2 of 2", ""]


def test_a_damaged_and_an_unknown_thread_say_why_below_the_table(
    pages_lab: Lab, here: Workspace, many: list[Thread]
) -> None:
    with pages_lab.storage.database.begin() as connection:
        gone, bad = ({"thread": thread.thread_id} for thread in many[:2])
        connection.execute(text("UPDATE lab_threads SET pattern = 'bygone' WHERE thread_id = :thread"), gone)
        connection.execute(text("UPDATE checkpoints SET checkpoint = x'c1ff' WHERE thread_id = :thread"), bad)
    at = open_page("threads")
    rows = table(at).value
    told = markdowns(at).replace("\\", "")
    assert list(rows["Status"][-2:]) == ["Can't be read", "Unknown pattern"]
    assert list(rows["Open"].isna()[-2:]) == [False, True]
    assert [label.split(": ")[-1] for label in rows["Actions"].iloc[-1]] == ["Rename", "Copy", "Delete"]
    assert "The newest checkpoint of this thread can't be read" in told
    assert "This version doesn't have its pattern or lane" in told
    mark_rows(at, "number 0")
    assert links(at) == []
    assert [found.thread_id for found in here.threads.newest()] == [thread.thread_id for thread in reversed(many)]


def test_one_selected_thread_has_its_links_and_its_menu(many: list[Thread]) -> None:
    at = open_page("threads")
    assert links(at) == []
    mark_rows(at, "number 3")
    assert links(at) == ["number 3"]
    (history,) = (link.proto for link in at.main.get("page_link") if link.proto.page == "explorer")
    assert history.query_string == f"thread={many[3].thread_id}"
    choose(at, many[3], "rename")
    at.text_input(key="rename_title").set_value("Another name")
    press(at, "rename_do")
    assert marked(at) == ["Another name"]


@pytest.mark.usefixtures("many")
def test_a_selection_stays_over_a_redraw_and_a_search_and_says_what_is_not_in_the_rows() -> None:
    at = open_page("threads")
    mark_rows(at, "number 1", "number 2")
    assert "**2 threads selected**" in markdowns(at.run())
    at.text_input(key="threads_text").set_value("number 1").run()
    assert marked(at) == ["number 1"]
    assert "Not in the rows below: **number 2**" in markdowns(at)
    at.text_input(key="threads_text").set_value("").run()
    assert marked(at) == ["number 2", "number 1"]
    assert "Not in the rows below" not in markdowns(at)
    press(at, "threads_deselect")
    assert marked(at) == []
    assert all(at.button(key=f"threads_{action}").disabled for action in ("compare", "export", "delete"))


def test_a_selection_goes_over_several_pages(here: Workspace) -> None:
    first = made(here, "number 0")
    for number in range(1, SHOWN + 1):
        here.threads.copy(first.thread_id, f"number {number}")
    at = open_page("threads")
    mark_rows(at, "number 5")
    at.pagination(key="threads_page").select(2).run()
    mark_rows(at, "number 0")
    assert "**2 threads selected**" in markdowns(at)
    assert "Not in the rows below: **number 5**" in markdowns(at)
    at.pagination(key="threads_page").select(1).run()
    assert marked(at) == ["number 5"]
    press(at, "threads_delete")
    assert "This deletes 2 threads with 10 checkpoints" in markdowns(at)
    assert "What people decided stays on the page *Decisions*." in markdowns(at)
    press(at, "delete_do")
    assert len(titles(here)) == SHOWN - 1


def test_a_selected_thread_that_another_tab_deletes_is_selected_no_more(here: Workspace, many: list[Thread]) -> None:
    at = open_page("threads")
    here.threads.copy(many[0].thread_id, "one more")
    at = open_page("threads", at)
    mark_rows(at, "number 1", "number 2", "number 3")
    here.threads.delete(many[2].thread_id)
    assert "**2 threads selected**" in markdowns(at.run())
    assert marked(at) == ["number 3", "number 1"]


def test_a_selected_thread_that_goes_while_its_dialog_is_open_is_left_out_of_it(
    here: Workspace, many: list[Thread]
) -> None:
    at = open_page("threads")
    mark_rows(at, "number 1", "number 2", "number 3")
    here.threads.delete(many[2].thread_id)
    press(at, "threads_delete")
    assert "This deletes 2 threads" in markdowns(at)
    press(at, "delete_do")
    assert not {"number 1", "number 2", "number 3"} & set(titles(here))


def test_selected_threads_are_deleted_once_that_is_confirmed_and_a_running_one_stays(
    pages_lab: Lab, here: Workspace, many: list[Thread]
) -> None:
    at = open_page("threads")
    mark_rows(at, "number 1", "number 2", "number 3")
    press(at, "threads_delete")
    told = markdowns(at)
    assert all(f"**number {number}** · Pipeline · {many[number].thread_id[:8]}" in told for number in (1, 2, 3))
    assert "This deletes 3 threads with 15 checkpoints" in told
    press(at, "delete_cancel")
    assert len(titles(here)) == len(many)
    press(at, "threads_delete")
    with pages_lab.runs.claimed(here.name, many[2].thread_id):
        press(at, "delete_do")
    assert [number for number in range(len(many)) if f"number {number}" not in titles(here)] == [1, 3]
    assert "Deleted 2 threads: **number 3** and **number 1**" in at.success[0].value
    assert "Not deleted: **number 2**" in at.warning[0].value
    assert "is running" in at.warning[0].value


def test_selected_threads_go_into_one_file_and_come_back_from_it(here: Workspace, many: list[Thread]) -> None:
    at = open_page("threads")
    mark_rows(at, "number 1", "number 2")
    press(at, "threads_export")
    assert at.download_button(key="export_download").label.startswith("Download the file (")
    ids = [many[1].thread_id, many[2].thread_id]
    data = b"".join(here.threads.export_together(ids, {}))
    for thread_id in ids:
        here.threads.delete(thread_id)
    at = open_page("threads")
    press(at, "threads_import")
    at.file_uploader(key="import_file").upload("threads.jsonl", data)
    press(at, "import_do")
    assert "Imported **number 1** and **number 2**" in at.success[0].value
    assert titles(here)[:2] == ["number 2", "number 1"]


def test_a_running_thread_is_told_not_to_be_in_the_file(pages_lab: Lab, here: Workspace, many: list[Thread]) -> None:
    at = open_page("threads")
    mark_rows(at, "number 1", "number 2")
    with pages_lab.runs.claimed(here.name, many[1].thread_id):
        press(at, "threads_export")
    assert at.download_button(key="export_download").label
    assert at.warning[0].value.replace("\\", "").startswith("number 1: ")


@pytest.mark.usefixtures("many")
def test_selected_threads_of_one_pattern_are_compared_side_by_side(here: Workspace) -> None:
    other = here.start("linear-pipeline", "pipeline", {"text": "Another text. It is long."})
    assert here.wait(other.thread_id)
    at = open_page("threads")
    mark_rows(at, listed(at)[0], "number 1")
    press(at, "threads_compare")
    ends = at.table[-1].value
    assert [name[0] for name in ends.columns[1:-1]] == ["A", "B"]
    assert "≠" in list(ends["Same"].str.replace("\\", ""))
    assert "What differs, from the first to the second" in markdowns(at)


@pytest.mark.usefixtures("many")
def test_no_more_threads_are_compared_than_fit_beside_each_other() -> None:
    at = open_page("threads")
    mark_rows(at, *listed(at))
    assert at.button(key="threads_compare").disabled
    assert "At most 6 threads" in markdowns(at)


def test_threads_of_different_patterns_say_why_they_are_not_compared(here: Workspace, many: list[Thread]) -> None:
    made(here, "Other", "parallel", "fan-out")
    at = open_page("threads")
    mark_rows(at, "Other", many[1].title)
    assert at.button(key="threads_compare").disabled
    assert "compared with others of their pattern" in markdowns(at)


def test_hostile_titles_are_text_in_the_selection_and_its_dialogs(here: Workspace, many: list[Thread]) -> None:
    for thread in many[1:3]:
        here.threads.rename(thread.thread_id, HOSTILE)
    at = open_page("threads")
    mark_rows(at, HOSTILE)
    for action in ("compare", "export", "delete"):
        press(at, f"threads_{action}")
        for found in [*links(at), markdowns(at), *(str(one.value.columns) for one in at.table)]:
            assert "![x](" not in found
            assert ":red[" not in found
    press(at, "delete_do")
    assert "![x](" not in at.success[0].value
