"""The inbox after a process was killed that had accepted an answer."""

from pathlib import Path

import pytest

from tests.support.accepting_program import accepted_and_killed
from tests.support.asking_nodes import shown
from tests.support.inboxes import indexed, waits
from tests.support.labs import database
from tests.support.polling import until
from tests.support.rival_processes import SHORT, opened
from tests.support.toy_patterns import end, ran


@pytest.fixture
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name the database."""
    return database(request, tmp_path)


@pytest.mark.parametrize("address", ["sqlite", "postgresql"], indirect=True)
def test_a_question_whose_answer_died_with_its_process_is_back_once_nobody_has_the_thread(
    tmp_path: Path, address: str
) -> None:
    lab = opened(tmp_path, address, SHORT)
    try:
        workspace = lab.workspace("w")
        thread_id = ran(workspace, "asks")
        snapshot, question = shown(workspace, thread_id)
        assert len(indexed(workspace)) == 1
        accepted_and_killed(tmp_path, address, "resume", thread_id, {question.id: "yes"}, snapshot.checkpoint_id)
        assert indexed(workspace) == set()
        assert workspace.inbox.count() == 0

        until(lambda: workspace.history.status(thread_id) != "elsewhere")
        assert [one.interrupt_id for one in waits(workspace)] == [question.id]
        workspace.resume(thread_id, {question.id: "yes"}, snapshot.checkpoint_id)
        end(workspace, thread_id)
        assert waits(workspace) == []
    finally:
        lab.close()
