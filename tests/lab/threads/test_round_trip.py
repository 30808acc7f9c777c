"""What can be exported can be imported, whatever its state is; what isn't in the file is told."""

import operator
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from langgraph.graph import START, StateGraph
from pydantic import BaseModel
from sqlalchemy import update
from typing_extensions import TypedDict

from graphs.pattern import Pattern
from graphs.world import World
from lab.database import THREADS
from lab.lab import Lab
from lab.threads import export_thread
from tests.support.labs import quiet
from tests.support.saved_threads import WORKSPACE, thread_of, three_steps
from tests.support.thread_files import exported, imported, values
from tests.support.toy_patterns import OpenLab, chain, done, lane, ran, toy


class Point(NamedTuple):
    x: int
    y: int


class Item(BaseModel):
    name: str


class Numbers(TypedDict, total=False):
    n: int
    at: Point
    items: Sequence[Item]
    array: Any


class OnlyN(TypedDict):
    n: int


def filled(**found: Any) -> Pattern:
    def build(_: Any) -> Any:
        made: Any = StateGraph(Numbers, context_schema=World, input_schema=OnlyN)
        return made.add_node("fill", lambda _: found).add_edge(START, "fill")

    return toy(lane(build))


@pytest.mark.filterwarnings("ignore")
def test_named_tuples_and_models_in_a_sequence_come_back(open_toys: OpenLab) -> None:
    lab = open_toys(filled(at=Point(1, 2), items=[Item(name="a")]))
    thread_id = ran(lab.workspace(WORKSPACE))
    again = imported(lab, exported(lab, thread_id)).thread_id

    assert values(lab, again) == values(lab, thread_id)
    assert values(lab, again)["items"] == [Item(name="a")]


ARRAYS = [
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
    np.array([True, False]),
    np.array(["a", "bc"]),
    np.zeros((0, 4)),
    np.array(3 + 4j),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("array", ARRAYS, ids=lambda found: found.dtype.str)
def test_numpy_arrays_come_back(array: Any) -> None:
    lab = Lab(quiet("memory"), patterns=[filled(array=array)])
    again = imported(lab, exported(lab, ran(lab.workspace(WORKSPACE)))).thread_id
    found = values(lab, again)["array"]
    lab.close()

    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert np.array_equal(found, array)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(some.text(max_size=150) | some.sampled_from(["", " ", "\u2028", "\u0301"]))
def test_a_thread_of_any_title_comes_back(title: str) -> None:
    lab = Lab(quiet("memory"), patterns=[three_steps()])
    thread_id = ran(lab.workspace(WORKSPACE))
    with lab.storage.database.begin() as connection:
        connection.execute(update(THREADS).values(title=title))
    again = imported(lab, exported(lab, thread_id))
    once_more = imported(lab, exported(lab, again.thread_id))
    lab.close()

    assert once_more.title == again.title
    assert (again.title == "") == (not any(sign.isprintable() and not sign.isspace() for sign in title))


class Strict(BaseModel):
    n: int
    done: Annotated[list[str], operator.add] = []


def test_a_state_that_its_own_type_refuses_comes_back_as_it_was(open_toys: OpenLab) -> None:
    def build(_: Any) -> Any:
        made: Any = StateGraph(Strict, context_schema=World)
        return made.add_node("spoil", lambda _: {"n": "none"}).add_edge(START, "spoil")

    lab = open_toys(toy(lane(build)))
    thread_id = ran(lab.workspace(WORKSPACE))
    data = exported(lab, thread_id)
    again = imported(lab, data).thread_id

    assert exported(lab, again).splitlines()[1:-1] == data.splitlines()[1:-1]
    assert lab.workspace(WORKSPACE).history.page(again).rows


def test_what_this_version_s_lane_does_not_have_is_left_out_and_told(open_toys: OpenLab) -> None:
    lab = open_toys(filled(array="kept"))
    thread = thread_of(lab, ran(lab.workspace(WORKSPACE)))
    later = Lab(quiet("memory"), patterns=[toy(lane(chain(fill=done("fill"))))])
    left_out = set[str]()
    data = b"".join(export_thread(lab.storage, thread, later.graphs.reading("toy", "only"), left_out=left_out))
    again = imported(later, data)
    later.close()

    assert "values of 'array', which the state of its lane doesn't have" in left_out
    assert b"values of 'array'" in data.splitlines()[-1]
    assert again.title == thread.title
