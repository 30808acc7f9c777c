"""After a restart a lane shows what it showed before: answers of models, steps, edits and branches."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from lab.database import EVENTS
from lab.events import Message, RunEnded, ThreadView, Tokens
from lab.lab import Lab
from lab.workspace import StateEdit
from lab.workspace.states import state_of
from tests.support.example_player import player
from tests.support.fixtures_servers import StartLab
from tests.support.labs import quiet
from tests.support.polling import until
from tests.support.project import ROOT
from tests.support.toy_patterns import GIVEN, begin, chain, done, end, lane, ran, saved, speaker, toy

SPOKEN = toy(lane(lambda model: chain(say=speaker("say")(model), b=done("b"))(model)), words=50, turns=True)


def reopened(lab: Lab, database: str) -> Lab:
    """Close a lab and open another one on the same file, as a restart does."""
    patterns = list(lab.graphs.patterns.values())
    lab.close()
    return Lab(quiet(database), patterns=patterns)


def seen(view: ThreadView) -> list[Any]:
    """Return all that a lane draws."""
    view.catch_up()
    return [{name: getattr(item, name) for name in item.__slots__ if name != "version"} for item in view.items]


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Name a SQLite file."""
    return str(tmp_path / "lab.sqlite")


@pytest.mark.parametrize("slug", ["time-travel", "approval-gate", "hierarchical", "linear-pipeline", "parallel"])
def test_a_lane_shows_the_same_before_and_after_a_restart(slug: str, file: str) -> None:
    lab = Lab(quiet(file))
    workspace = lab.workspace("tests")
    pattern = lab.graphs.pattern(slug)
    played = player(lab)
    threads = [played(slug, lane.key, 0).thread_id for lane in pattern.lanes]
    before = [seen(workspace.view(thread_id)) for thread_id in threads]
    lab = reopened(lab, file)
    workspace = lab.workspace("tests")

    assert [seen(workspace.view(thread_id)) for thread_id in threads] == before
    lab.close()


def test_what_models_said_that_is_in_no_state_is_there_after_a_restart(file: str) -> None:
    lab = Lab(quiet(file), patterns=[SPOKEN])
    thread_id = ran(lab.workspace("w"))
    lab = reopened(lab, file)
    view = lab.workspace("w").view(thread_id)
    view.catch_up()

    assert [item.text for item in view.items if isinstance(item, Message)] == [
        " ".join(f"word{number}" for number in range(50))
    ]
    lab.close()


def test_events_go_on_with_their_numbers_after_a_restart(file: str) -> None:
    lab = Lab(quiet(file), patterns=[SPOKEN])
    thread_id = ran(lab.workspace("w"))
    before = lab.workspace("w").events(thread_id)
    lab = reopened(lab, file)
    workspace = lab.workspace("w")
    workspace.turn(thread_id, GIVEN)
    end(workspace, thread_id)
    after = workspace.events(thread_id)

    assert after[: len(before)] == before
    assert [event.no for event in after] == sorted({event.no for event in after})
    lab.close()


def test_what_is_kept_of_a_thread_is_bounded(file: str) -> None:
    lab = Lab(quiet(file), patterns=[SPOKEN])
    lab.runs.store._room = 20_000
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    for _ in range(30):
        workspace.turn(thread_id, GIVEN)
        end(workspace, thread_id)

    assert lab.runs.store.size(thread_id) <= 20_000
    lab = reopened(lab, file)
    assert isinstance(lab.workspace("w").events(thread_id)[-1], RunEnded)
    lab.close()


def test_events_that_were_damaged_leave_the_thread_readable_by_its_checkpoints(file: str) -> None:
    lab = Lab(quiet(file), patterns=[SPOKEN])
    thread_id = ran(lab.workspace("w"))
    with lab.storage.database.begin() as connection:
        connection.execute(update(EVENTS).values(body='[{"event": "Nonsense"}]'))
    lab = reopened(lab, file)
    workspace = lab.workspace("w")
    view = workspace.view(thread_id)
    view.catch_up()

    assert workspace.history.status(thread_id) == "finished"
    assert [step.path for step in view.steps] == [("say",), ("b",)]
    lab.close()


def test_a_thread_of_an_older_version_is_told_from_its_checkpoints(file: str) -> None:
    lab = Lab(quiet(file), patterns=[SPOKEN])
    thread_id = ran(lab.workspace("w"))
    with lab.storage.database.begin() as connection:
        connection.execute(delete(EVENTS))
    lab = reopened(lab, file)
    workspace = lab.workspace("w")
    view = workspace.view(thread_id)
    view.catch_up()

    assert [step.path for step in view.steps] == [("say",), ("b",)]
    assert [run.kind for run in view.runs][:1] == ["restored"]
    lab.close()


def test_a_copy_shows_what_its_original_shows(file: str) -> None:
    lab = Lab(quiet(file), patterns=[SPOKEN])
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    workspace.travel.fork(thread_id, saved(workspace, thread_id)[1], StateEdit({"n": 5}, {}), run=True)
    end(workspace, thread_id)
    copied = workspace.threads.copy(thread_id)

    assert seen(workspace.view(copied.thread_id)) == seen(workspace.view(thread_id))
    lab.close()


def test_a_large_state_is_not_read_fifty_times_to_tell_what_no_event_tells(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown = toy(lane(chain(**{f"n{number}": lambda _: {"done": ["x" * 3_000_000]} for number in range(8)})))
    lab = Lab(quiet(file), patterns=[grown])
    thread_id = ran(lab.workspace("w"))
    with lab.storage.database.begin() as connection:
        connection.execute(delete(EVENTS))
    lab = reopened(lab, file)
    workspace = lab.workspace("w")
    read: list[str | None] = []

    def counted(graph: Any, thread_id: str, ident: str | None = None, space: str = "") -> Any:
        read.append(ident)
        return state_of(graph, thread_id, ident, space)

    monkeypatch.setattr("lab.workspace.logs.state_of", counted)
    workspace.events(thread_id)

    assert len(read) == 2
    lab.close()


def test_make_run_says_where_a_lab_runs_already_on_the_database(lab_server: StartLab, tmp_path: Path) -> None:
    server = lab_server({"LAB_ADDRESS": "http://127.0.0.1:1234"})
    told = subprocess.run(
        [sys.executable, "-c", "import runpy; print(runpy.run_path('scripts/run.py')['others']())"],
        cwd=ROOT,
        env={**os.environ, "LAB_DATABASE": str(server.data / "lab.sqlite"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert told.stdout.strip() == "['http://127.0.0.1:1234']"


def test_a_message_that_streams_is_saved_while_it_does(file: str) -> None:
    lab = Lab(quiet(file), patterns=[SPOKEN])
    workspace = lab.workspace("w")
    thread_id = begin(workspace, pace=50.0)
    other = Lab(quiet(file), patterns=[SPOKEN])

    until(lambda: [e for e in other.workspace("w").events(thread_id) if isinstance(e, Tokens)])
    workspace.stop(thread_id)
    end(workspace, thread_id)
    other.close()
    lab.close()
