"""Verbs for tests of the page of all threads: threads to show there, and what is chosen and read."""

from typing import Any

from streamlit.testing.v1 import AppTest

from lab.threads import Thread
from lab.workspace import Workspace
from tests.support.app_pages import well

HOSTILE = "<b>bold</b> ![x](http://192.0.2.1/x.png) `code` :red[red] $a$"
TEXT = {"text": "One. Two. Three."}


def made(here: Workspace, title: str = "A thread", slug: str = "linear-pipeline", lane: str = "pipeline") -> Thread:
    thread = here.start(slug, lane, TEXT)
    assert here.wait(thread.thread_id)
    here.threads.rename(thread.thread_id, title)
    return here.threads.find(thread.thread_id)


def branched(here: Workspace) -> Thread:
    """Make a thread of three branches."""
    thread = made(here, "Branched")
    first = here.history.page(thread.thread_id).rows[1].checkpoint_id
    for label in ("second", "third"):
        here.travel.replay(thread.thread_id, first, label=label)
        assert here.wait(thread.thread_id)
    assert len(here.threads.branch_heads(thread.thread_id)) == 3
    return thread


def choose(at: AppTest, thread: Thread, action: str) -> None:
    at.menu_button(key=f"actions_{thread.thread_id}").click(action).run()
    well(at)


def links(at: AppTest) -> list[str]:
    """Return the labels of the links to threads; beside each is one to its history."""
    return [link.proto.label for link in at.main.get("page_link") if link.proto.page != "explorer"]


def table(at: AppTest) -> Any:
    """Return the table of threads, drawn where there are many."""
    (found,) = (one for one in at.dataframe if "Title" in one.value)
    return found


def listed(at: AppTest) -> list[str]:
    """Return the titles in the table's rows."""
    return list(table(at).value["Title"])


def mark_rows(at: AppTest, *titles: str) -> None:
    """Mark the rows of these titles, and no other row of the page."""
    rows = [row for row, title in enumerate(listed(at)) if title in titles]
    at.session_state[table(at).key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    at.run()
    well(at)


def marked(at: AppTest) -> list[str]:
    """Return the titles of the rows that the table shows as marked."""
    return [listed(at)[row] for row in at.session_state[table(at).key]["selection"]["rows"]]


def titles(here: Workspace) -> list[str]:
    return [thread.title for thread in here.threads.newest()]


def keys(at: AppTest) -> set[str]:
    return {str(button.key) for button in at.button}
