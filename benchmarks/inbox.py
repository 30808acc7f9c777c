"""The inbox of 5,000 waiting questions, against asking each of the threads for its state."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from sqlalchemy import Connection, bindparam, inspect, text
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from benchmarks.history import PLACE, timed
from benchmarks.measure import Figure, against, once
from graphs.catalogue import find
from lab.checkpoints import thread_config
from lab.database import count_waiting
from lab.lab import Lab, close_lab, open_lab
from lab.settings import Settings
from lab.workspace import Workspace
from lab.workspace_cookie import LOCAL

MAIN = Path(__file__).parent.parent / "ui" / "main.py"
THREADS = 5_000
PAGE = 20
PATTERN = "escalation"
COPIED = ("lab_threads", "checkpoints", "writes", "lab_notes")
"""Tables in which a thread is multiplied; its questions the lab has to find by itself."""


def figures() -> Iterator[Figure]:
    """Measure the inbox."""
    PLACE.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=PLACE, prefix="inbox-") as folder:
        close_lab()
        database = str(Path(folder) / "lab.sqlite")
        lab = open_lab(Settings(_env_file=None, database=database, pace=0, workspaces="shared"))
        try:
            workspace = lab.workspace(LOCAL)
            ids = waiting(lab, workspace)
            graph = lab.graphs.reading(PATTERN, find(PATTERN).lanes[0].key)
            states = timed(lambda: [graph.get_state(thread_config(ident)).interrupts for ident in ids])
            page = timed(lambda: workspace.inbox.page(limit=PAGE))
            opened = once(f"inbox_{THREADS}", "ms", page, states, rounds=9, note="get_state() of each thread")
            yield opened
            last = timed(lambda: workspace.inbox.page(pattern=PATTERN, limit=PAGE, offset=THREADS - PAGE))
            yield against(f"inbox_last_page_{THREADS}", "ms", last, page, rounds=9, note="its first page")
            yield against(
                f"inbox_count_{THREADS}",
                "ms",
                timed(workspace.inbox.count),
                page,
                rounds=9,
                note="reading its rows",
            )
            # A page that is drawn without a browser has no cookies to read.
            with patch.object(ContextProxy, "cookies", {}):
                whole = timed(drawn_page().run)
                yield against(f"inbox_whole_page_{THREADS}", "ms", whole, page, rounds=9, note="reading its rows")
        finally:
            close_lab()


def drawn_page() -> AppTest:
    """Return the page Inbox as its script draws it, which is all that the server does for it."""
    page = AppTest.from_file(MAIN, default_timeout=60)
    # Pages of the router are functions, which Streamlit tells apart by their path.
    page._page_hash = calc_hash("inbox")
    page.run()
    assert not page.exception
    assert page.radio[0].options
    return page


def waiting(lab: Lab, workspace: Workspace) -> list[str]:
    """Run a thread to its question, multiply it, and have the lab find what waits; return the threads' ids."""
    pattern = find(PATTERN)
    example = next(one for one in pattern.examples if one.input["urgent"])
    thread_id = workspace.start(PATTERN, pattern.lanes[0].key, example.input).thread_id
    workspace.wait(thread_id)
    ids = [f"{number:08}-0000-4000-8000-000000000000" for number in range(THREADS - 1)]
    with lab.storage.database.begin() as connection:
        for table in COPIED:
            _multiply(connection, table, thread_id, ids)
        connection.execute(text("UPDATE lab_threads SET indexed = NULL"))
    began = time.perf_counter()
    while count_waiting(lab.storage.database, workspace.name, {}) < THREADS:
        workspace.inbox.count()
        assert time.perf_counter() - began < 600
    return [thread_id, *ids]


def _multiply(connection: Connection, table: str, thread_id: str, ids: list[str]) -> None:
    columns = [column["name"] for column in inspect(connection).get_columns(table) if column["name"] != "thread_id"]
    names = ", ".join(f'"{name}"' for name in columns)
    query = f"INSERT INTO {table} (thread_id, {names}) SELECT :target, {names} FROM {table} WHERE thread_id = :source"  # noqa: S608 - names of columns
    statement = text(query).bindparams(bindparam("source", thread_id))
    connection.execute(statement, [{"target": ident} for ident in ids])
