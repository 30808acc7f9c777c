"""What a workspace does with whole threads: only its own, only at rest, and nothing stale is remembered afterwards."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text

from graphs.pattern import Pattern
from lab.errors import InvalidInput, NotPossible, ThreadBusy, UnknownThread, Unreadable
from lab.events import RunEnded
from lab.export import ExportRefused
from lab.keep import LARGEST_COPY
from lab.lab import Lab
from lab.listing import Only
from lab.meter import thread_sizes
from lab.parcel import ImportRefused
from lab.tables import NOTES
from lab.workspace import Workspace
from tests.test_keep import WORKSPACE, branched, lineage, rows, three_steps
from tests.toys import GIVEN, Hold, OpenLab, State, begin, chain, done, end, lane, names, ran, toy

NOWHERE = "00000000-0000-0000-0000-000000000000"


def exported(workspace: Workspace, thread_id: str) -> bytes:
    return b"".join(workspace.export(thread_id))


def noted(lab: Lab, thread_id: str) -> list[Any]:
    query = select(*NOTES.c[1:]).where(NOTES.c.thread_id == thread_id).order_by(*NOTES.c[1:3])
    with lab.storage.database.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def own(lab: Lab) -> Workspace:
    return lab.workspace(WORKSPACE)


# One at a time


def holding(hold: Hold) -> Pattern:
    def held(_: State) -> dict[str, Any]:
        hold()
        return {"done": ["held"]}

    return toy(lane(chain(held=held)))


CHANGES: dict[str, Callable[[Workspace, str], object]] = {
    "copy": lambda workspace, thread_id: workspace.copy(thread_id),
    "export": lambda workspace, thread_id: workspace.export(thread_id),
    "delete": lambda workspace, thread_id: workspace.delete(thread_id),
    "prune": lambda workspace, thread_id: workspace.prune(thread_id, workspace.heads(thread_id)),
    "keep the newest": lambda workspace, thread_id: workspace.keep_newest(thread_id, 1),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_running_thread_is_left_alone(open_anywhere: OpenLab, change: Callable[[Workspace, str], object]) -> None:
    hold = Hold()
    lab = open_anywhere(holding(hold))
    workspace = own(lab)
    thread_id = begin(workspace)
    hold.reached()
    try:
        with pytest.raises(ThreadBusy):
            change(workspace, thread_id)
    finally:
        hold.let_go.set()

    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["held"]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_thread_is_given_back_whether_it_worked_or_not(
    open_toys: OpenLab, change: Callable[[Workspace, str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = open_toys(three_steps())
    workspace = own(lab)
    thread_id = ran(workspace)
    change(workspace, thread_id)
    assert lab.runs.running() == set()

    other = ran(workspace)
    for name in ("copy_thread", "delete_thread", "prune", "keep_newest"):
        monkeypatch.setattr(f"lab.keep.{name}", fails)
    monkeypatch.setattr("lab.keeping.export_thread", fails)
    with pytest.raises(ConnectionError):
        change(workspace, other)
    assert lab.runs.running() == set()
    workspace.turn(other, GIVEN)
    assert end(workspace, other).outcome == "finished"


def fails(*_: Any) -> None:
    raise ConnectionError("the cable was pulled")


def test_a_running_thread_gets_another_title_all_the_same(open_toys: OpenLab) -> None:
    hold = Hold()
    workspace = own(open_toys(holding(hold)))
    thread_id = begin(workspace)
    hold.reached()
    workspace.rename(thread_id, "Held up")
    hold.let_go.set()
    end(workspace, thread_id)

    assert workspace.thread(thread_id).title == "Held up"


# What is remembered


def test_a_deleted_thread_is_gone_from_the_list_the_log_and_the_saver(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    workspace = own(lab)
    thread_id = ran(workspace)
    assert workspace.events(thread_id)
    workspace.delete(thread_id)

    assert workspace.listed().threads == ()
    for read in (workspace.events, workspace.view, workspace.status, workspace.snapshot, workspace.delete):
        with pytest.raises(UnknownThread):
            read(thread_id)
    assert lab.runs.known(WORKSPACE, thread_id) is None
    assert all(key[0] != thread_id for key in lab.storage.saver._held)
    assert noted(lab, thread_id) == []


def test_a_pruned_thread_tells_of_the_branch_that_is_left_and_goes_on(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    workspace = own(lab)
    thread_id, ends = branched(lab)
    workspace.events(thread_id)
    pruned = workspace.prune(thread_id, ends[:1])

    assert pruned.branches == 3
    assert workspace.heads(thread_id) == tuple(ends[:1])
    assert names(workspace, thread_id) == ["a", "b", "c"]
    view = workspace.view(thread_id)
    view.catch_up()
    assert [step.path for step in view.steps] == [("a",), ("b",), ("c",)]
    workspace.turn(thread_id, GIVEN)
    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["a", "b", "c"] * 2


def test_a_pruned_branch_leaves_no_note_behind(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id, ends = branched(lab)
    before = {row[1]: row for row in noted(lab, thread_id)}
    own(lab).prune(thread_id, [ends[0], ends[2]])
    after = noted(lab, thread_id)

    kept = {ident for head in (ends[0], ends[2]) for ident in lineage(lab, thread_id, head)}
    assert {row[1] for row in after} == kept < before.keys()
    assert all(before[row[1]] == row for row in after)


def test_the_newest_branches_are_kept(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    workspace = own(lab)
    thread_id, ends = branched(lab)

    assert workspace.keep_newest(thread_id, 10).checkpoints == 0
    assert workspace.keep_newest(thread_id, 2).branches == 2
    assert workspace.heads(thread_id) == (ends[3], ends[2])
    with pytest.raises(NotPossible, match="at least one branch"):
        workspace.keep_newest(thread_id, 0)


def test_what_saves_nothing_can_be_deleted_but_neither_pruned_nor_copied_nor_exported(open_toys: OpenLab) -> None:
    workspace = own(open_toys(toy(lane(chain(a=done("a")), remembers=False))))
    thread_id = ran(workspace)
    for change in ("copy", "export"):
        with pytest.raises(NotPossible):
            CHANGES[change](workspace, thread_id)
    with pytest.raises(NotPossible, match="Nothing of this thread is saved"):
        workspace.keep_newest(thread_id, 1)
    with pytest.raises(NotPossible, match="Nothing of this thread is saved"):
        workspace.prune(thread_id, ["some"])
    workspace.delete(thread_id)

    assert workspace.listed().total == 0


# Copies and files


def test_a_copy_is_found_by_what_its_original_did(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    workspace = own(lab)
    thread_id, _ = branched(lab)
    copied = workspace.copy(thread_id, "  The\nsecond one ")

    assert copied.title == "The second one"
    assert noted(lab, copied.thread_id) == noted(lab, thread_id) != []
    found = [[row.step for row in workspace.history(one, Only(node="b")).rows] for one in (thread_id, copied.thread_id)]
    assert found[0] == found[1] != []


def test_a_copy_of_an_empty_title_changes_nothing(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps())
    thread_id = ran(own(lab))
    before = rows(lab.storage)
    with pytest.raises(InvalidInput):
        own(lab).copy(thread_id, " \n")

    assert rows(lab.storage) == before


def test_an_exported_thread_is_taken_in_by_another_workspace_as_its_own(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id, _ = branched(lab)
    taken = lab.workspace("another").take_in(io.BytesIO(exported(own(lab), thread_id)))

    assert (taken.workspace, [one.thread_id for one in lab.workspace("another").threads()]) == (
        "another",
        [taken.thread_id],
    )
    assert len(lab.workspace("another").heads(taken.thread_id)) == 4
    assert [one.thread_id for one in own(lab).threads()] == [thread_id]
    with pytest.raises(UnknownThread):
        own(lab).thread(taken.thread_id)


@pytest.mark.parametrize("data", [b"", b"{}\n", b"\x00\xff" * 100, b'{"format":"langgraph-pattern-lab/thread"}\n'])
def test_what_is_no_export_changes_nothing(open_toys: OpenLab, data: bytes) -> None:
    lab = open_toys(three_steps())
    ran(own(lab))
    before = rows(lab.storage)
    with pytest.raises(ImportRefused, match="Nothing was changed"):
        own(lab).take_in(io.BytesIO(data))

    assert rows(lab.storage) == before


def test_a_file_of_a_lane_that_saves_nothing_is_refused(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps(), toy(lane(chain(a=done("a")), remembers=False), slug="forgetful"))
    data = exported(own(lab), ran(own(lab))).replace(b'"pattern":"toy"', b'"pattern":"forgetful"')
    with pytest.raises(ImportRefused, match="no lane 'only' of a pattern 'forgetful' keeps threads here"):
        own(lab).take_in(io.BytesIO(data))


def damage(lab: Lab, thread_id: str, checkpoint_id: str) -> None:
    with lab.storage.database.begin() as connection:
        damaged = connection.execute(
            text("UPDATE checkpoints SET checkpoint = x'c1ff' WHERE thread_id = :thread AND checkpoint_id = :ident"),
            {"thread": thread_id, "ident": checkpoint_id},
        )
        assert damaged.rowcount == 1


def test_an_export_that_cannot_be_whole_gives_nothing_at_all(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace(WORKSPACE)
    thread_id = workspace.start("linear-pipeline", "pipeline", {"text": "One. Two. Three."}).thread_id
    assert workspace.wait(thread_id)
    damage(sqlite_lab, thread_id, workspace.heads(thread_id)[0])
    with pytest.raises(ExportRefused):
        workspace.export(thread_id)
    with pytest.raises(Unreadable):
        workspace.status(thread_id)

    copied = workspace.copy(thread_id)
    assert workspace.sizes([thread_id, copied.thread_id])[copied.thread_id].checkpoints > 3
    workspace.delete(thread_id)
    assert [found.thread_id for found in workspace.threads()] == [copied.thread_id]


def test_a_thread_of_a_pattern_that_is_gone_can_be_renamed_copied_and_deleted_but_not_exported(
    open_anywhere: OpenLab,
) -> None:
    lab = open_anywhere(three_steps())
    workspace = own(lab)
    thread_id = ran(workspace)
    lab.patterns.clear()
    with pytest.raises(NotPossible, match="No lane 'only' of a pattern 'toy' keeps threads in this version"):
        workspace.export(thread_id)
    workspace.rename(thread_id, "From another time")
    copied = workspace.copy(thread_id)
    workspace.delete(thread_id)

    assert [(one.thread_id, one.title) for one in workspace.listed().threads] == [
        (copied.thread_id, "From another time (copy)")
    ]


def test_a_large_export_leaves_no_file_open(open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.keeping.IN_MEMORY", 100)
    monkeypatch.setattr("lab.keeping.CHUNK", 50)
    workspace = own(open_toys(three_steps()))
    thread_id = ran(workspace)

    assert exported(workspace, thread_id).splitlines()[-1].startswith(b'{"checkpoints"')
    pieces = workspace.export(thread_id)
    assert len(next(pieces)) == 50
    del pieces


# Threads whose lane gives each a checkpointer of its own


def on_a_saver(saver: str) -> Pattern:
    return toy(lane(chain(a=done("a"), b=done("b")), saver=saver), turns=True)


@pytest.mark.parametrize("saver", ["memory", "sqlite"])
def test_a_thread_on_a_checkpointer_of_its_own_is_measured_pruned_and_deleted(
    open_anywhere: OpenLab, saver: str
) -> None:
    lab = open_anywhere(on_a_saver(saver))
    workspace = own(lab)
    shared, thread_id = ran(workspace), ran(workspace)
    first = workspace.history(thread_id).rows[1].checkpoint_id
    workspace.replay(thread_id, first)
    end(workspace, thread_id)

    assert workspace.sizes([shared, thread_id])[thread_id].checkpoints == 7
    assert workspace.keep_newest(thread_id, 1).branches == 1
    assert names(workspace, thread_id) == ["a", "b"]
    workspace.turn(thread_id, GIVEN)
    assert end(workspace, thread_id).outcome == "finished"
    storage = lab.storage_of(workspace.thread(thread_id))
    workspace.delete(thread_id)
    assert [one.thread_id for one in workspace.threads()] == [shared]
    for kept in (storage, lab.storage):
        assert thread_sizes(kept, [thread_id])[thread_id].checkpoints == 0
    assert names(workspace, shared) == ["a", "b"]


@pytest.mark.parametrize(
    ("open_anywhere", "saver", "kept"),
    [
        ("memory", "memory", False),
        ("memory", "sqlite", False),
        ("sqlite", "memory", False),
        ("sqlite", "sqlite", True),
        ("postgresql", "postgresql", True),
    ],
    indirect=["open_anywhere"],
)
def test_a_thread_is_copied_and_exported_where_the_lab_keeps_what_its_lane_saves(
    open_anywhere: OpenLab, saver: str, *, kept: bool
) -> None:
    workspace = own(open_anywhere(on_a_saver(saver)))
    thread_id = ran(workspace)
    if not kept:
        for change in (workspace.copy, workspace.export):
            with pytest.raises(NotPossible, match="a storage of its own"):
                change(thread_id)
        return
    copied = workspace.copy(thread_id)
    taken = workspace.take_in(io.BytesIO(exported(workspace, copied.thread_id)))
    workspace.delete(thread_id)

    assert names(workspace, copied.thread_id) == names(workspace, taken.thread_id) == ["a", "b"]
    workspace.turn(taken.thread_id, GIVEN)
    assert end(workspace, taken.thread_id).outcome == "finished"


# The list and its room


def titled(workspace: Workspace, *titles: str) -> list[str]:
    found = []
    for title in titles:
        found.append(ran(workspace))
        workspace.rename(found[-1], title)
    return found


def test_the_list_is_paged_and_counts_all(open_anywhere: OpenLab) -> None:
    workspace = own(open_anywhere(three_steps()))
    idents = titled(workspace, *"abcde")
    pages = [workspace.listed(limit=2, offset=offset) for offset in (0, 2, 4, 6)]

    assert [found.total for found in pages] == [5] * 4
    assert [one.thread_id for found in pages for one in found.threads] == idents[::-1]


def test_the_list_is_searched_by_title_and_by_the_beginning_of_an_id(open_anywhere: OpenLab) -> None:
    workspace = own(open_anywhere(three_steps()))
    idents = titled(workspace, "A cheap flight", "100 % sure_thing", "Ünderstood", "cheaper still")

    def found(wanted: str) -> list[str]:
        listed = workspace.listed(text=wanted)
        assert listed.total == len(listed.threads)
        return [one.title for one in listed.threads]

    assert found("CHEAP") == ["cheaper still", "A cheap flight"]
    assert found(" 100 %  sure_") == ["100 % sure_thing"]
    assert found("%") == ["100 % sure_thing"]
    assert found("Ünder") == ["Ünderstood"]
    assert found(idents[2][:8].upper()) == ["Ünderstood"]
    assert found("' OR 1=1 --") == found("\x00nothing\udcff") == []
    assert len(found(" \x00 ")) == 4


def test_the_list_is_narrowed_to_a_pattern(open_toys: OpenLab) -> None:
    workspace = own(open_toys(three_steps(), toy(lane(chain(a=done("a"))), slug="other")))
    ran(workspace)
    other = ran(workspace, "other")

    assert [one.thread_id for one in workspace.listed(pattern="other").threads] == [other]
    assert (workspace.listed(pattern="other").total, workspace.listed().total) == (1, 2)


def test_the_list_shows_and_counts_nothing_of_others(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps())
    (thread_id,) = titled(own(lab), "mine")
    stranger = lab.workspace("stranger")

    for wanted in ("", "mine", thread_id):
        listed = stranger.listed(text=wanted)
        assert (listed.threads, listed.total) == ((), 0)


def test_the_storage_is_told_to_everybody_as_one_number(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps())
    ran(own(lab))

    assert lab.workspace("stranger").storage() == own(lab).storage()
    assert own(lab).storage().bytes > 0


def test_one_strange_thread_among_own_ones_tells_no_sizes_at_all(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    mine, strange = ran(own(lab)), ran(lab.workspace("stranger"))
    for ids in ([mine, strange], [mine, NOWHERE]):
        with pytest.raises(UnknownThread):
            own(lab).sizes(ids)

    assert own(lab).sizes([]) == {}
    assert own(lab).sizes([mine])[mine].bytes > 0


@pytest.mark.parametrize("open_toys", ["sqlite"], indirect=True)
def test_compaction_waits_for_nobody_s_run_and_loses_nothing(open_toys: OpenLab) -> None:
    hold = Hold()
    lab = open_toys(holding(hold), toy(lane(chain(a=done("a"))), slug="quick"))
    for thread_id in [ran(own(lab), "quick") for _ in range(30)]:
        own(lab).delete(thread_id)
    kept = ran(own(lab), "quick")
    running = begin(lab.workspace("stranger"))
    hold.reached()
    with pytest.raises(NotPossible, match="A thread is running") as refused:
        own(lab).compact()
    assert running[:8] not in str(refused.value)
    hold.let_go.set()
    end(lab.workspace("stranger"), running)

    assert own(lab).storage().free > 0
    assert own(lab).compact() > 0
    assert own(lab).storage().free == 0
    assert names(own(lab), kept) == ["a"]
    assert names(lab.workspace("stranger"), running) == ["held"]


@pytest.mark.parametrize("open_anywhere", ["memory", "postgresql"], indirect=True)
def test_what_gives_room_back_by_itself_says_so(open_anywhere: OpenLab) -> None:
    with pytest.raises(NotPossible, match="by itself"):
        own(open_anywhere(three_steps())).compact()


def test_the_events_of_a_finished_run_are_still_there_after_a_refusal(open_toys: OpenLab) -> None:
    workspace = own(open_toys(three_steps()))
    thread_id = ran(workspace)
    with pytest.raises(NotPossible):
        workspace.prune(thread_id, [])

    assert isinstance(workspace.events(thread_id)[-1], RunEnded)
    assert workspace.sizes([thread_id])[thread_id].bytes < LARGEST_COPY
