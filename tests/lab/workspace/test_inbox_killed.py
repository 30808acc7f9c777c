"""The inbox after a process was killed that had accepted an answer."""

from pathlib import Path

from tests.support.accepting_program import accepted_and_killed
from tests.support.asking_nodes import shown
from tests.support.forked_processes import Forker
from tests.support.inboxes import indexed, waits
from tests.support.polling import until
from tests.support.rival_processes import SHORT, opened
from tests.support.toy_patterns import end, ran


def test_a_question_whose_answer_died_with_its_process_is_back_once_nobody_has_the_thread(
    tmp_path: Path, where: str, forker: Forker
) -> None:
    lab = opened(tmp_path, where, SHORT)
    try:
        workspace = lab.workspace("w")
        thread_id = ran(workspace, "asks")
        snapshot, question = shown(workspace, thread_id)
        assert len(indexed(workspace)) == 1
        accepted_and_killed(forker, tmp_path, where, "resume", thread_id, {question.id: "yes"}, snapshot.checkpoint_id)
        assert indexed(workspace) == set()
        assert workspace.inbox.count() == 0

        until(lambda: workspace.history.status(thread_id) != "elsewhere")
        assert [one.interrupt_id for one in waits(workspace)] == [question.id]
        workspace.resume(thread_id, {question.id: "yes"}, snapshot.checkpoint_id)
        end(workspace, thread_id)
        assert waits(workspace) == []
    finally:
        lab.close()
