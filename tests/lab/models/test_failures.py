"""Why a run failed: every kind of failure says the thing, the rule and the remedy."""

import sqlite3
from pathlib import Path
from typing import Annotated, Any

import psycopg
import pytest
from langchain_core.language_models import BaseChatModel
from langgraph.errors import InvalidUpdateError
from langgraph.graph import START, StateGraph
from psycopg_pool import PoolTimeout
from sqlalchemy.exc import OperationalError
from typing_extensions import TypedDict

from graphs.world import World
from lab.events import RunEnded
from lab.models import explain
from tests.support.toy_patterns import Input, OpenLab, begin, chain, done, end, graph, lane, toy


def of_sqlite(code: int, text: str) -> sqlite3.OperationalError:
    """Make an error as SQLite's own are, with the code by which it's known."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


KINDS = [
    (of_sqlite(sqlite3.SQLITE_FULL, "database or disk is full"), "Make room"),
    (psycopg.errors.DiskFull("could not extend file: No space left on device"), "Make room"),
    (of_sqlite(sqlite3.SQLITE_BUSY, "database is locked"), "Close that program"),
    (of_sqlite(sqlite3.SQLITE_READONLY, "attempt to write a readonly database"), "may be written"),
    (of_sqlite(sqlite3.SQLITE_IOERR, "disk I/O error"), "See that the file, its folder and its disk are there"),
    (psycopg.OperationalError("server closed the connection unexpectedly"), "see that the server runs"),
    (PoolTimeout("couldn't get a connection after 30.00 sec"), "LAB_POOL_SIZE"),
    (OperationalError("SELECT 1", {}, of_sqlite(sqlite3.SQLITE_BUSY, "database is locked")), "Close that program"),
    (InvalidUpdateError("At key 'n': Can receive only one value per step."), "takes one value a step"),
]


@pytest.mark.parametrize(("error", "remedy"), KINDS, ids=lambda one: type(one).__name__)
def test_a_failure_is_told_with_its_remedy_and_in_its_own_words(error: Exception, remedy: str) -> None:
    told = explain(error)

    assert remedy in told
    # A database says so of anything that is done with it, also where there is no button to retry.
    assert "retry" in told or "try again" in told
    assert told.endswith(f"({type(error).__name__}: {error})")


def test_what_fails_outside_the_database_says_where_the_thread_stands() -> None:
    assert "then retry: the thread stands at its last checkpoint." in explain(InvalidUpdateError("No dict."))


def test_a_statement_that_is_wrong_speaks_for_itself() -> None:
    wrong = of_sqlite(sqlite3.SQLITE_ERROR, "no such table: shelves")
    assert explain(wrong) == "OperationalError: no such table: shelves"


def test_a_pattern_s_own_error_speaks_for_itself() -> None:
    assert explain(LookupError("No such shelf. Give another one.")) == "LookupError: No such shelf. Give another one."


def refuse(one: list[int], more: list[int]) -> list[int]:
    if more:
        raise TypeError(f"{more} can't be added")
    return one


class Refusing(TypedDict):
    n: int
    kept: Annotated[list[int], refuse]


def refusing(_: BaseChatModel) -> StateGraph[Any, World, Input, Any]:
    return (
        StateGraph(Refusing, context_schema=World, input_schema=Input)
        .add_node("a", lambda _: {"kept": [1]})
        .add_edge(START, "a")
    )


def colliding(_: BaseChatModel) -> Any:
    made = graph().add_node("a", lambda _: {"crash": "1"}).add_node("b", lambda _: {"crash": "2"})
    return made.add_edge(START, "a").add_edge(START, "b")


def looping(_: BaseChatModel) -> Any:
    return graph().add_node("a", done("a")).add_edge(START, "a").add_edge("a", "a")


@pytest.mark.parametrize(
    ("build", "thing", "remedy"),
    [
        (refusing, "A reducer of the state failed", "Correct the reducer"),
        (colliding, "can't take what the nodes of this step gave", "Correct the graph"),
        (looping, "reached its limit of 50 supersteps", "Retry to let it go on"),
        (chain(a=lambda _: "text"), "a node gives a dict of fields", "Correct the graph"),
    ],
    ids=["reducer", "two values", "loop", "no dict"],
)
def test_a_run_that_fails_outside_its_nodes_says_why(open_toys: OpenLab, build: Any, thing: str, remedy: str) -> None:
    workspace = open_toys(toy(lane(build))).workspace("w")
    ended = end(workspace, begin(workspace))

    assert ended.outcome == "failed"
    assert thing in ended.error
    assert remedy in ended.error


def test_a_full_disk_in_the_middle_of_a_run_says_what_to_do(open_toys: OpenLab, tmp_path: Path) -> None:
    lab = open_toys(toy(lane(chain(a=done("a"), z=done("z")))))
    workspace = lab.workspace("w")
    saver: Any = lab.storage.saver
    put = type(saver).put

    def full(config: Any, checkpoint: Any, metadata: Any, versions: Any) -> Any:
        if metadata["step"] == 1:
            raise of_sqlite(sqlite3.SQLITE_FULL, "database or disk is full")
        return put(saver, config, checkpoint, metadata, versions)

    saver.put = full
    ended: RunEnded = end(workspace, begin(workspace))

    assert ended.outcome == "failed"
    assert "Make room" in ended.error
