"""Who reads waits for no writer, and what goes wrong with the database is told in words."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from lab.checkpoints import SummarySqliteSaver, storage
from lab.database import sqlite_file
from lab.errors import DamageFound, StorageUnavailable
from lab.history import Only
from lab.lab import Lab
from lab.threads import Threads
from lab.workspace import StateEdit, Workspace
from tests.support.app_pages import open_page
from tests.support.labs import quiet
from tests.support.polling import until
from tests.support.toy_patterns import Hold, State, begin, chain, end, lane, names, ran, saved, toy, two_steps


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the write lock of a database, as another program may."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def looks(workspace: Workspace, thread_id: str) -> dict[str, Callable[[], object]]:
    """Return the ways to look at a thread."""
    ident = saved(workspace, thread_id)[1]
    return {
        "status": lambda: workspace.history.status(thread_id),
        "threads": workspace.threads.newest,
        "snapshot": lambda: workspace.history.snapshot(thread_id, ident),
        "values": lambda: workspace.history.values(thread_id, ident),
        "history": lambda: workspace.history.page(thread_id, Only(text="a")),
        "tree": lambda: workspace.history.tree(thread_id),
        "events": lambda: workspace.events(thread_id),
        "diff": lambda: workspace.history.diff(thread_id, None, ident),
        "sizes": lambda: workspace.threads.sizes([thread_id]),
    }


def test_no_reader_waits_while_writers_wait_for_another_programs_lock(tmp_path: Path) -> None:
    path, hold = tmp_path / "lab.sqlite", Hold()

    def holds(_: State) -> dict[str, Any]:
        hold()
        return {"done": ["a"]}

    lab = Lab(quiet(str(path)), patterns=[two_steps(), toy(lane(chain(a=holds)), slug="holds")])
    workspace = lab.workspace("w")
    thread_id, at_work = ran(workspace), begin(workspace, "holds")
    acts = looks(workspace, thread_id)
    hold.reached()
    with locked(path):
        # The run waits in the checkpointer, and the other writer in the lab's own tables.
        hold.let_go.set()
        renaming = threading.Thread(target=workspace.threads.rename, args=(thread_id, "another"))
        renaming.start()
        saver = lab.storage.saver
        assert isinstance(saver, SummarySqliteSaver)
        until(saver.lock.locked)
        began = time.monotonic()
        for act in acts.values():
            act()
        took = time.monotonic() - began
        assert saver.lock.locked()
        assert renaming.is_alive()
    renaming.join(30)

    assert took < 10
    assert workspace.threads.find(thread_id).title == "another"
    assert end(workspace, at_work).outcome == "finished"
    lab.close()


def test_what_a_run_has_saved_is_read_at_once(tmp_path: Path) -> None:
    lab = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=[two_steps()])
    workspace = lab.workspace("w")
    for _ in range(20):
        thread_id = ran(workspace)
        assert (workspace.history.status(thread_id), names(workspace, thread_id)) == ("finished", ["a", "b"])
    lab.close()

    assert [found.name for found in tmp_path.iterdir()] == ["lab.sqlite"]


def test_a_lock_that_does_not_end_is_told_in_words_and_leaves_the_thread_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sqlite_file, storage):
        monkeypatch.setattr(module, "BUSY_TIMEOUT", 0.1)
    path = tmp_path / "lab.sqlite"
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    at = saved(workspace, thread_id)
    acts: list[Callable[[], object]] = [
        lambda: workspace.threads.rename(thread_id, "another"),
        lambda: workspace.threads.delete(thread_id),
        lambda: begin(workspace),
        lambda: workspace.turn(thread_id, {"n": 2}),
        lambda: workspace.travel.fork(thread_id, at[1], StateEdit({"n": 2}, {})),
    ]
    with locked(path):
        for act in acts:
            with pytest.raises(StorageUnavailable, match=r"locked.*try again"):
                act()
        assert saved(workspace, thread_id) == at
    workspace.turn(thread_id, {"n": 2})

    assert end(workspace, thread_id).outcome == "finished"
    assert len(workspace.threads.newest()) == 1
    lab.close()


def test_damage_that_is_met_while_the_lab_is_at_work_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    ran(lab.workspace("w"))
    lab.close()
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'lab_threads'").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    with pytest.raises(DamageFound):
        lab.workspace("w").threads.newest()
    lab.close()


def lose(lab: Lab) -> None:
    """Lose the connection in the middle of a transaction."""
    with lab.storage.database.begin() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.close()
        connection.exec_driver_sql("SELECT 1")


def test_a_lost_postgresql_is_told_in_words_and_taken_up_again(postgres_lab_database: str) -> None:
    lab = Lab(quiet(postgres_lab_database), patterns=[two_steps()])
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    with psycopg.connect(postgres_lab_database, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(StorageUnavailable, match="doesn't answer"):
        lose(lab)

    assert workspace.history.status(thread_id) == "finished"
    assert end(workspace, begin(workspace)).outcome == "finished"
    lab.close()


def test_a_page_says_that_the_database_cannot_be_read(pages_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object, **__: object) -> int:
        raise StorageUnavailable("The disk is gone.")

    monkeypatch.setattr(Threads, "count", unreadable)
    at: AppTest = open_page("threads")

    assert not at.exception
    assert [found.value for found in at.error] == ["The disk is gone."]


def test_every_page_tells_of_damage(pages_lab: Lab) -> None:
    assert pages_lab.storage.check is not None
    assert not open_page("threads").error
    pages_lab.storage.check._damage_seen = DamageFound("page 7 is gone")
    for page in ("gallery", "threads", "explorer", "linear-pipeline"):
        at = open_page(page)
        assert not at.exception
        assert "page 7 is gone" in at.error[0].value
