"""Whatever the texts and numbers, they're stored alike in memory, in SQLite and in PostgreSQL."""

import math
import threading
from typing import Any, cast

import psycopg
import pytest
from langchain_core.messages import AIMessage
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from graphs.pattern import Pattern
from graphs.world import World
from lab.errors import UnknownThread
from lab.history import Only
from lab.lab import Lab, close_lab, open_lab
from lab.workspace import StateEdit
from tests.support.app_pages import open_page
from tests.support.labs import quiet
from tests.support.toy_patterns import OpenLab, begin, end, lane, ran, saved, toy, two_steps

NUL = "before\x00after"
LONG = "Department " * 500


class Odd(TypedDict, total=False):
    n: int
    text: str
    half: str
    number: float
    said: list[Any]


def odd() -> Pattern:
    """Make a pattern whose one node writes what some database finds odd."""

    def act(_: Odd, runtime: Runtime[World]) -> dict[str, Any]:
        world = runtime.context
        world.outbox.send(NUL, NUL, LONG)
        for _again in range(2):
            world.ledger.charge(LONG, 3_000_000_000, key=LONG)
        world.ledger.charge(NUL, 1, key=NUL)
        world.archive.store(LONG + NUL, NUL)
        world.faults.trip(LONG + NUL, times=0)
        return {"text": NUL, "number": math.inf, "said": [AIMessage(NUL), {NUL: math.nan}]}

    def build(_: object) -> Any:
        made = StateGraph(Odd, context_schema=World)
        made.add_node("act", cast("Any", act)).add_node("more", lambda _: {"n": 2})
        return made.add_edge(START, "act").add_edge("act", "more")

    return toy(lane(build), turns=True)


def test_no_text_and_no_number_fails_a_run_or_is_changed_by_it(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(odd())
    workspace = lab.workspace("w")
    thread_id = begin(workspace)
    assert end(workspace, thread_id).outcome == "finished"
    for ident in saved(workspace, thread_id)[-2:]:
        values = workspace.history.values(thread_id, ident)
        assert (values["text"], values["number"]) == (NUL, math.inf)
        assert values["said"][0].content == NUL
        assert math.isnan(values["said"][1][NUL])
    orders = [row["order"] for row in workspace.threads.business("ledger", [thread_id])]
    assert orders == [LONG, NUL.replace("\x00", "\ufffd")]
    assert workspace.threads.business("ledger", [thread_id])[0]["cents"] == 3_000_000_000
    assert workspace.threads.business("outbox", [thread_id])[0]["body"] == LONG
    found = lab.world(thread_id).archive.newest(LONG + NUL)
    assert found is not None
    assert len(workspace.history.page(thread_id, Only(text="after")).rows) == 1
    ended = saved(workspace, thread_id)
    workspace.travel.fork(thread_id, ended[-2], StateEdit({"text": NUL + "!"}, {}), run=True)
    assert end(workspace, thread_id).outcome == "finished"
    assert workspace.history.values(thread_id, saved(workspace, thread_id)[-1])["text"] == NUL + "!"


@pytest.mark.parametrize("ident", ["\x00", "a\x00b", "\ud800", "", "' OR 1=1 --"])
def test_a_thread_of_an_impossible_name_is_an_unknown_one(open_anywhere: OpenLab, ident: str) -> None:
    workspace = open_anywhere(two_steps()).workspace("w")
    ran(workspace)
    with pytest.raises(UnknownThread):
        workspace.history.status(ident)
    with pytest.raises(UnknownThread):
        workspace.threads.rename(ident, "x")
    with pytest.raises(UnknownThread):
        workspace.threads.sizes([ident])
    assert workspace.threads.newest(session=ident) == ()


def test_an_address_with_a_nul_is_no_traceback_on_postgresql(
    pages_lab: Lab, postgres_lab_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_DATABASE", postgres_lab_database)
    close_lab()
    thread_id = open_lab().workspace("local").start("linear-pipeline", "pipeline", {"text": "Words."}, pace=0).thread_id
    end(open_lab().workspace("local"), thread_id)
    nul: dict[str, dict[str, str]] = {
        "linear-pipeline": {"thread": "\x00", "lane": "\x00"},
        "explorer": {"thread": "\x00"},
        "threads": {"text": "\x00", "pattern": "\x00"},
    }
    for page, places in nul.items():
        assert not open_page(page, None, **places).exception
    for name in ("checkpoint", "other", "with", "view", "tab"):
        assert not open_page("explorer", None, **{"thread": thread_id, name: "\x00"}).exception
    close_lab()


def test_no_more_connections_are_made_than_the_setting_says(postgres_lab_database: str) -> None:
    lab = Lab(quiet(postgres_lab_database, pool_size=2), patterns=[odd()])
    workspace = lab.workspace("w")
    most = 0
    with psycopg.connect(postgres_lab_database, autocommit=True) as other:
        counting = threading.Event()

        def count() -> None:
            nonlocal most
            query = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            while not counting.wait(0.005):
                (found,) = other.execute(query).fetchone() or (0,)
                most = max(most, found)

        counter = threading.Thread(target=count)
        counter.start()
        threads = [begin(workspace) for _ in range(8)]
        readers = [threading.Thread(target=workspace.history.page, args=(thread_id,)) for thread_id in threads]
        for reader in readers:
            reader.start()
        outcomes = {end(workspace, thread_id).outcome for thread_id in threads}
        for reader in readers:
            reader.join(30)
        counting.set()
        counter.join()
    lab.close()

    assert outcomes == {"finished"}
    assert 1 <= most <= 2
