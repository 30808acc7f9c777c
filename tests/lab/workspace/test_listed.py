"""A workspace's list of threads, paged and searched, and the room that all threads take."""

import pytest

from lab.errors import NotPossible, UnknownThread
from lab.workspace import Workspace
from tests.support.saved_threads import WORKSPACE, holding, own, three_steps
from tests.support.toy_patterns import Hold, OpenLab, begin, chain, done, end, lane, names, ran, toy

NOWHERE = "00000000-0000-0000-0000-000000000000"


def titled(workspace: Workspace, *titles: str) -> list[str]:
    found = []
    for title in titles:
        found.append(ran(workspace))
        workspace.threads.rename(found[-1], title)
    return found


def test_the_list_is_paged_and_counts_all(open_anywhere: OpenLab) -> None:
    workspace = own(open_anywhere(three_steps()))
    idents = titled(workspace, *"abcde")
    pages = [workspace.threads.page(limit=2, offset=offset) for offset in (0, 2, 4, 6)]

    assert [found.total for found in pages] == [5] * 4
    assert [one.thread_id for found in pages for one in found.threads] == idents[::-1]


def test_the_list_is_searched_by_title_and_by_the_beginning_of_an_id(open_anywhere: OpenLab) -> None:
    workspace = own(open_anywhere(three_steps()))
    idents = titled(workspace, "A cheap flight", "100 % sure_thing", "Ünderstood", "cheaper still")

    def found(wanted: str) -> list[str]:
        listed = workspace.threads.page(text=wanted)
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

    assert [one.thread_id for one in workspace.threads.page(pattern="other").threads] == [other]
    assert (workspace.threads.page(pattern="other").total, workspace.threads.page().total) == (1, 2)


def test_the_list_shows_and_counts_nothing_of_others(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps())
    (thread_id,) = titled(own(lab), "mine")
    stranger = lab.workspace("stranger")

    for wanted in ("", "mine", thread_id):
        listed = stranger.threads.page(text=wanted)
        assert (listed.threads, listed.total) == ((), 0)


def test_the_storage_is_told_to_everybody_as_one_number(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps())
    ran(own(lab))

    assert lab.workspace("stranger").threads.storage() == own(lab).threads.storage()
    assert own(lab).threads.storage().bytes > 0


def test_one_strange_thread_among_own_ones_tells_no_sizes_at_all(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    mine, strange = ran(own(lab)), ran(lab.workspace("stranger"))
    for ids in ([mine, strange], [mine, NOWHERE]):
        with pytest.raises(UnknownThread):
            own(lab).threads.sizes(ids)

    assert own(lab).threads.sizes([]) == {}
    assert own(lab).threads.sizes([mine])[mine].bytes > 0


@pytest.mark.parametrize("open_toys", ["sqlite"], indirect=True)
def test_compaction_waits_for_nobody_s_run_and_loses_nothing(open_toys: OpenLab) -> None:
    hold = Hold()
    lab = open_toys(holding(hold), toy(lane(chain(a=done("a"))), slug="quick"))
    for thread_id in [ran(own(lab), "quick") for _ in range(30)]:
        own(lab).threads.delete(thread_id)
    kept = ran(own(lab), "quick")
    near = lab.workspace(WORKSPACE, near=True)
    running = begin(lab.workspace("stranger"))
    hold.reached()
    with pytest.raises(NotPossible, match="A thread is running") as refused:
        near.threads.compact()
    assert running[:8] not in str(refused.value)
    hold.let_go.set()
    end(lab.workspace("stranger"), running)

    assert own(lab).threads.storage().free > 0
    assert near.threads.compact() > 0
    assert own(lab).threads.storage().free == 0
    assert names(own(lab), kept) == ["a"]
    assert names(lab.workspace("stranger"), running) == ["held"]


@pytest.mark.parametrize("open_anywhere", ["memory", "postgresql"], indirect=True)
def test_what_gives_room_back_by_itself_says_so(open_anywhere: OpenLab) -> None:
    with pytest.raises(NotPossible, match="by itself"):
        open_anywhere(three_steps()).workspace(WORKSPACE, near=True).threads.compact()


@pytest.mark.parametrize("open_toys", ["sqlite"], indirect=True)
def test_whoever_is_not_at_the_lab_s_own_machine_cannot_compact_the_database_of_all(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps())
    for thread_id in [ran(own(lab)) for _ in range(10)]:
        own(lab).threads.delete(thread_id)
    free = own(lab).threads.storage().free
    with pytest.raises(NotPossible, match="only a browser on the lab's own machine may"):
        own(lab).threads.compact()

    assert own(lab).threads.storage().free == free > 0
