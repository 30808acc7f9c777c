"""Threads of patterns and lanes that this version doesn't have: told in words, and kept."""

from pathlib import Path

import pytest
from sqlalchemy import update

from lab.database import THREADS
from lab.errors import UnknownLane
from lab.lab import Lab
from lab.workspace import Workspace
from lab.workspace_cookie import LOCAL
from tests.support.app_pages import open_page
from tests.support.labs import quiet
from tests.support.toy_patterns import GIVEN, ran, saved, two_steps

OTHERS = {"pattern": {"pattern": "gone"}, "lane": {"lane": "gone"}}


def make_unknown(lab: Lab, thread_id: str, what: str) -> None:
    """Make a thread one of a pattern, or of a lane, that another version had."""
    with lab.storage.database.begin() as connection:
        connection.execute(update(THREADS).where(THREADS.c.thread_id == thread_id).values(**OTHERS[what]))


@pytest.fixture
def strangers(pages_lab: Lab, here: Workspace) -> dict[str, str]:
    """Two finished threads of `linear-pipeline` as another version would have left them, and a known one."""
    threads = {}
    for what in (*OTHERS, "known"):
        thread_id = here.start("linear-pipeline", "pipeline", {"text": "Some words."}, pace=0).thread_id
        assert here.wait(thread_id)
        threads[what] = thread_id
    for what in OTHERS:
        make_unknown(pages_lab, threads[what], what)
    return threads


@pytest.mark.parametrize("what", OTHERS)
def test_the_explorer_says_in_words_that_it_does_not_know_a_threads_lane(strangers: dict[str, str], what: str) -> None:
    at = open_page("explorer", None, thread=strangers[what])

    assert not at.exception
    assert "in this version" in at.warning[0].value
    assert "gone" in at.warning[0].value
    assert at.selectbox(key="explorer_thread").value == strangers["known"]


@pytest.mark.parametrize("what", OTHERS)
@pytest.mark.parametrize("view", ["State", "Diff", "Edit and fork"])
def test_a_thread_of_an_unknown_lane_is_no_other_side_of_a_diff(
    strangers: dict[str, str], what: str, view: str
) -> None:
    at = open_page("explorer", None, thread=strangers["known"], other=strangers[what], view=view)
    assert not at.exception


@pytest.mark.parametrize("what", OTHERS)
def test_a_patterns_page_says_that_it_does_not_know_a_threads_lane(strangers: dict[str, str], what: str) -> None:
    at = open_page("linear-pipeline", None, thread=strangers[what])
    assert not at.exception


def test_the_list_of_threads_shows_threads_of_unknown_lanes(strangers: dict[str, str]) -> None:
    assert not open_page("threads").exception


@pytest.mark.parametrize("what", OTHERS)
def test_a_thread_of_an_unknown_lane_is_renamed_copied_and_deleted_and_nothing_else(tmp_path: Path, what: str) -> None:
    lab = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=[two_steps()])
    workspace = lab.workspace(LOCAL)
    thread_id = ran(workspace)
    at = saved(workspace, thread_id)[-1]
    make_unknown(lab, thread_id, what)
    lab.close()
    lab = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=[two_steps()])
    workspace = lab.workspace(LOCAL)
    for act in (
        lambda: workspace.history.status(thread_id),
        lambda: workspace.history.snapshot(thread_id, at),
        lambda: workspace.turn(thread_id, GIVEN),
        lambda: workspace.travel.replay(thread_id, at),
        lambda: workspace.view(thread_id),
        lambda: workspace.history.tree(thread_id),
    ):
        with pytest.raises(UnknownLane, match="renamed, copied and deleted"):
            act()
    workspace.threads.rename(thread_id, "Another")
    copied = workspace.threads.copy(thread_id)
    assert workspace.threads.sizes([copied.thread_id])[copied.thread_id].checkpoints > 0
    for one in (thread_id, copied.thread_id):
        workspace.threads.delete(one)

    assert workspace.threads.newest() == ()
    lab.close()
