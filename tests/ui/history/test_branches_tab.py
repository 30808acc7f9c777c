"""Two branches side by side: like steps stand beside each other, wherever a branch began."""

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.catalogue import find
from lab.history import Row
from lab.workspace import Workspace
from tests.support.app_pages import open_page
from tests.support.example_player import before, ended
from ui.history.branches_tab import aligned

TRAVEL = find("time-travel")
ROW = Row("", "", None, 0, "loop", 0.0, (), (), (), (), (), "main", "", None, 0)


def row(did: str) -> Row:
    """Make a step of these nodes, or one that was written otherwise."""
    if did in ("fork", "update"):
        return dataclasses.replace(ROW, source=did)
    return dataclasses.replace(ROW, ran=(did,))


def pairs(left: Sequence[str], right: Sequence[str]) -> list[tuple[str, str]]:
    found = aligned([row(name) for name in left], [row(name) for name in right])
    return [(_name(one), _name(other)) for one, other in found]


def _name(one: Row | None) -> str:
    return "" if one is None else one.ran[0] if one.source == "loop" else one.source


@pytest.mark.parametrize(
    ("left", "right", "together"),
    [
        (["write", "send"], ["fork", "write", "send"], [("", "fork"), ("write", "write"), ("send", "send")]),
        (["fork", "a"], ["update", "a"], [("fork", ""), ("", "update"), ("a", "a")]),
        (["manager", "pay"], ["fork", "manager", "refuse"], [("", "fork"), ("manager", "manager"), ("pay", "refuse")]),
        (["a"], ["a", "b"], [("a", "a"), ("", "b")]),
        ([], ["fork"], [("", "fork")]),
    ],
)
def test_like_stands_beside_like(left: list[str], right: list[str], together: list[tuple[str, str]]) -> None:
    assert pairs(left, right) == together


DID = st.lists(st.sampled_from(["a", "b", "c", "fork", "update"]), max_size=12)


@given(DID, DID)
def test_every_step_is_shown_once_and_in_its_order(left: list[str], right: list[str]) -> None:
    together = pairs(left, right)

    assert [one for one, _ in together if one in "abc" and one] == [one for one in left if one in "abc"]
    assert [one for _, one in together if one in "abc" and one] == [one for one in right if one in "abc"]
    assert sorted(one for one, _ in together if one) == sorted(left)
    assert sorted(one for _, one in together if one) == sorted(right)
    assert ("", "") not in together


def test_a_replayed_branch_has_each_node_beside_the_one_that_it_repeats(here: Workspace) -> None:
    thread_id = here.start("time-travel", "replay", TRAVEL.examples[0].input, pace=0).thread_id
    ended(here, thread_id)
    here.travel.replay(thread_id, before(here, thread_id, "write"), pace=0, confirmed=True)
    ended(here, thread_id)
    at = open_page("explorer", thread=thread_id, view="Compare branches")
    table = at.table[0].value
    told = [(str(line[1]).replace("\\", ""), str(line[2]).replace("\\", "")) for line in table.itertuples(index=False)]

    assert [{"write", "send"} & set(one.split(" · ")) for one, _ in told[-2:]] == [{"write"}, {"send"}]
    assert [{"write", "send"} & set(one.split(" · ")) for _, one in told[-2:]] == [{"write"}, {"send"}]
    assert any("runs from here" in side for pair in told for side in pair)
