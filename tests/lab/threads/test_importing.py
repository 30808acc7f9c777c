"""Import: a thread goes on from where its file ends, in little memory, and all of it comes or nothing."""

import tracemalloc
import uuid
from pathlib import Path
from typing import Any

import ormsgpack
import pytest

from lab.checkpoints.memory_tables import MemoryRows
from lab.checkpoints.sql_tables import SqlRows
from lab.lab import Lab
from lab.threads import branch_heads, export_thread, import_threads
from tests.support.asking_nodes import asking, asks
from tests.support.labs import quiet
from tests.support.saved_threads import WORKSPACE, at, branched, forked, history, rows, thread_of, three_steps
from tests.support.thread_files import count, exported, graph_of, imported, opened, packed, sealed
from tests.support.toy_patterns import OpenLab, chain, done, end, fan, lane, names, ran, toy


def test_a_question_is_answered_in_the_import_alone(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(asking())
    workspace = lab.workspace(WORKSPACE)
    thread_id = ran(workspace)
    before = history(lab, thread_id)
    again = imported(lab, exported(lab, thread_id)).thread_id
    asked = workspace.history.snapshot(again)
    assert asked is not None
    workspace.resume(again, {asked.questions[0].id: "no"}, asked.checkpoint_id)

    assert end(workspace, again).outcome == "finished"
    assert names(workspace, again) == ["ask='no'", "z"]
    assert history(lab, thread_id) == before
    workspace.resume(thread_id, {asked.questions[0].id: "yes"}, asked.checkpoint_id)
    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, again) == ["ask='no'", "z"]


def test_what_was_done_beside_a_question_is_not_done_again_in_the_import(open_anywhere: OpenLab) -> None:
    count = list[str]()
    lab = open_anywhere(toy(lane(fan(a=done("a", count), ask=asks("ask")))))
    workspace = lab.workspace(WORKSPACE)
    again = imported(lab, exported(lab, ran(workspace))).thread_id
    asked = workspace.history.snapshot(again)
    assert asked is not None
    workspace.resume(again, {asked.questions[0].id: 1}, asked.checkpoint_id)

    assert end(workspace, again).outcome == "finished"
    assert (names(workspace, again), count) == (["a", "ask=1", "join"], ["a"])


def test_an_import_can_be_forked(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id, _ = branched(lab)
    again = imported(lab, exported(lab, thread_id)).thread_id
    forked(lab, again, at(lab, again, 1), done=["new"])

    assert len(branch_heads(lab.storage, again)) == 5
    assert len(branch_heads(lab.storage, thread_id)) == 4
    assert names(lab.workspace(WORKSPACE), again) == ["a", "new", "b", "c"]


def test_a_pruned_and_a_dangling_thread_are_exported_too(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps())
    thread_id = ran(lab.workspace(WORKSPACE))
    with lab.storage.open_for_writing() as found:
        links = found.rows.links(thread_id)
        found.rows.drop(thread_id, links[:2])
    again = imported(lab, exported(lab, thread_id)).thread_id

    assert names(lab.workspace(WORKSPACE), again) == names(lab.workspace(WORKSPACE), thread_id)
    with lab.storage.open_for_reading() as found:
        assert found.rows.links(again)[0].parent_id is None


def test_a_file_is_written_and_read_with_one_state_in_memory(tmp_path: Path) -> None:
    def peak(steps: int) -> tuple[int, int]:
        def say(_: Any) -> dict[str, Any]:
            return {"done": [uuid.uuid4().hex * 3000]}

        lab = Lab(quiet(str(tmp_path / f"{steps}.sqlite")), patterns=[toy(lane(chain(a=say)))])
        thread_id = ran(lab.workspace(WORKSPACE))
        reader, config = lab.graphs.reading("toy", "only"), lab.config(thread_id, "toy", "only", WORKSPACE)
        for _ in range(steps):
            past = list(reader.get_state_history(config, limit=1))
            reader.update_state(past[0].parent_config or config, {"done": [uuid.uuid4().hex * 3000]}, as_node="a")
        tracemalloc.start()
        with (tmp_path / "file").open("wb+") as file:
            for line in export_thread(lab.storage, thread_of(lab, thread_id), lab.graphs.reading("toy", "only")):
                file.write(line)
            size = file.tell()
            import_threads(lab.storage, file, WORKSPACE, graph_of(lab))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        lab.close()
        return found, size

    (few, small), (many, large) = peak(20), peak(200)

    assert large > 5 * small
    assert many < few + 1_000_000


def test_an_import_that_breaks_off_leaves_nothing(open_anywhere: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = open_anywhere(three_steps())
    data = exported(lab, ran(lab.workspace(WORKSPACE)))
    before = rows(lab.storage)
    rows_of = MemoryRows if lab.storage.kind == "memory" else SqlRows
    sound, calls = rows_of.add_writes, list[int]()

    def add_writes(*given_values: Any) -> None:
        sound(*given_values)
        calls.append(1)
        if len(calls) == 3:
            raise ConnectionError("the cable was pulled")

    monkeypatch.setattr(rows_of, "add_writes", add_writes)
    with pytest.raises(ConnectionError):
        imported(lab, data)

    assert rows(lab.storage) == before


def test_what_postgresqls_json_cannot_hold_is_taken_as_everywhere(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    lines = opened(exported(lab, ran(lab.workspace(WORKSPACE))))
    for line in lines[1:-1]:
        line["values"]["crash"] = ["msgpack", packed(ormsgpack.packb("a\x00b"))]
        line["versions"]["crash"] = next(iter(line["versions"].values()))
    thread_id = imported(lab, sealed(lines)).thread_id
    workspace = lab.workspace(WORKSPACE)

    assert workspace.history.values(thread_id, branch_heads(lab.storage, thread_id)[0])["crash"] == "a\x00b"


def test_two_imports_of_one_file_make_two_threads(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    data = exported(lab, ran(lab.workspace(WORKSPACE)))
    first, second = imported(lab, data), imported(lab, data, "another")

    assert first.thread_id != second.thread_id
    assert [thread.thread_id for thread in lab.workspace("another").threads.newest()] == [second.thread_id]
    assert count(lab.storage, first.thread_id) == count(lab.storage, second.thread_id) > 0
