"""Fifty clients that follow one run over WebSockets, against the same run with nobody who follows it."""

import asyncio
import operator
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import orjson
import uvicorn
from langchain_core.language_models import BaseChatModel
from langgraph.graph import END, START, StateGraph
from starlette.applications import Starlette
from typing_extensions import TypedDict
from websockets.asyncio.client import connect

from api.thread_events import PATH, thread_events_route
from benchmarks.measure import Figure
from graphs.pattern import Family, Lane, Pattern
from graphs.world import World
from lab import lab as of_process
from lab.lab import Lab, close_lab
from lab.settings import Settings
from lab.workspace_cookie import LOCAL
from tests.support.project import ROOT

CLIENTS = 50
SUPERSTEPS = 600
TOKENS = 30
"""Of each superstep."""
ROUNDS = 9
SERVER = "server of clients"
"""The name of its thread."""

_gate = threading.Event()
"""Held until all clients are there."""


class State(TypedDict):
    """What the measured run writes."""

    rounds: Annotated[int, operator.add]


def build(model: BaseChatModel) -> StateGraph[State, World, State, State]:
    """Build a node that waits for the gate, and one in a loop that asks the model."""

    def wait(state: State) -> dict[str, Any]:
        _gate.wait()
        return {"rounds": 0}

    def say(state: State) -> dict[str, Any]:
        model.invoke("say")
        return {"rounds": 1}

    def again(state: State) -> str:
        return "say" if state["rounds"] < SUPERSTEPS else END

    return (
        StateGraph(State, context_schema=World, input_schema=State)
        .add_node("wait", wait)
        .add_node("say", say)
        .add_edge(START, "wait")
        .add_edge("wait", "say")
        .add_conditional_edges("say", again, ["say", END])
    )


PATTERN = Pattern(
    slug="bench",
    title="Bench",
    family=Family.STREAMING,
    summary="What is measured.",
    watch=(),
    sources=(),
    lanes=(Lane("run", "Run", "Streams.", build),),
    examples=(),
    script=lambda _: " ".join(["word"] * TOKENS),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took, in milliseconds."""

    wall: float
    cpu: float
    """Of the whole process."""
    serving: float
    """Of the threads that serve the clients, which is in the whole."""


def figures() -> Iterator[Figure]:
    """Measure what the clients cost the run, by the processor inside of one run, and by the clock against another."""
    with TemporaryDirectory() as folder, _served(Path(folder) / "lab.sqlite") as (lab, port):
        followed: list[Cost] = []
        alone: list[Cost] = []
        for _ in range(ROUNDS + 1):
            followed.append(_run(lab, port, CLIENTS))
            alone.append(_run(lab, port, 0))
        # One round goes before to warm up.
        del followed[0], alone[0]
        cpu = median(cost.cpu for cost in followed)
        own = cpu - median(cost.serving for cost in followed)
        yield Figure(f"live_clients_{CLIENTS}", cpu, "ms", own, "the processor time of the run without its clients'")
        wall, reference = (median(cost.wall for cost in costs) for costs in (followed, alone))
        yield Figure(f"live_clients_{CLIENTS}_wall", wall, "ms", reference, "the same run without clients")


@contextmanager
def _served(database: Path) -> Iterator[tuple[Lab, int]]:
    """Serve the process's lab, as the application does, for the block."""
    close_lab()
    settings = Settings(
        _env_file=None, database=str(database), pace=0, workspaces="shared", recursion_limit=SUPERSTEPS + 10
    )
    lab = Lab(settings, patterns=[PATTERN])
    of_process._opened.append(lab)
    listening = socket.create_server(("127.0.0.1", 0))
    # As Streamlit serves it.
    server = uvicorn.Server(
        uvicorn.Config(Starlette(routes=[thread_events_route("")]), log_level="error", ws_per_message_deflate=False)
    )
    serving = threading.Thread(target=server.run, name=SERVER, kwargs={"sockets": [listening]}, daemon=True)
    serving.start()
    try:
        yield lab, listening.getsockname()[1]
    finally:
        server.should_exit = True
        serving.join()
        close_lab()


def _run(lab: Lab, port: int, clients: int) -> Cost:
    """Return what a run costs from the time at which so many clients follow it."""
    _gate.clear()
    workspace = lab.workspace(LOCAL)
    thread_id = workspace.start("bench", "run", {"rounds": 0}).thread_id
    url = f"ws://127.0.0.1:{port}{PATH.format(thread_id=thread_id)}"
    readers = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.live_clients", url, str(clients)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert readers.stdout is not None
    assert readers.stdout.readline() == "ready\n"
    began, cpu, serving = time.perf_counter(), time.process_time(), _serving()
    _gate.set()
    assert workspace.wait(thread_id, 120)
    took = Cost(
        (time.perf_counter() - began) * 1000,
        (time.process_time() - cpu) * 1000,
        (_serving() - serving) * 1000,
    )
    counts, _ = readers.communicate(timeout=60)
    # Clients that miss something are no measure.
    assert set(map(int, counts.split())) <= {workspace.events(thread_id)[-1].no}
    return took


def _serving() -> float:
    """Return the processor time of the threads that serve clients: the server's own and those that read for it."""
    threads = [one for one in threading.enumerate() if one.name == SERVER or one.name.startswith("AnyIO worker")]
    return sum(time.clock_gettime(time.pthread_getcpuclockid(one.ident)) for one in threads if one.ident)


async def _follow(url: str, ready: asyncio.Barrier) -> int:
    """Follow a run to its end and return the number of its last event."""
    async with connect(url, max_size=None) as client:
        last, waits = 0, True
        while True:
            events = orjson.loads(await client.recv())["events"]
            assert events[0]["no"] == last + 1
            last = int(events[-1]["no"])
            if waits:
                waits = False
                await ready.wait()
            if events[-1]["event"] == "RunEnded":
                return last


async def _clients(url: str, number: int) -> None:
    """Open so many clients, say once all of them are there, and in the end how far each of them came."""
    ready = asyncio.Barrier(number + 1)
    following = [asyncio.create_task(_follow(url, ready)) for _ in range(number)]
    await ready.wait()
    print("ready", flush=True)
    print(*await asyncio.gather(*following))


if __name__ == "__main__":
    asyncio.run(_clients(sys.argv[1], int(sys.argv[2])))
