"""Error recovery: a list of goods is read into a warehouse; what goes wrong is handled, repaired and tried again.

The error handler of `process` looks at the error and decides: to `recover` and from there to `process` again, up to the
limit, or to the failure path. Each error has a repair of its own, and each attempt stands in the history.
"""

import operator
import re
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langgraph.errors import NodeError
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command
from pydantic import Field
from typing_extensions import TypedDict

from graphs.world import Failure, RateLimited, World

PAUSE = 0.3  # seconds after which a service that failed is called again
ROW = re.compile(r"\s*[^;\s][^;]*;\s*([1-9]\d{0,5})\s*;\s*(\d{1,7}(?:\.\d{1,2})?)\s*")
WORDS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "a dozen": "12"}


class BadRow(ValueError):
    """Raised where a row can't be read."""

    def __init__(self, number: int, row: str) -> None:
        super().__init__(f"Row {number}, {row[:40]!r}, isn't name; pieces; price. Write it like 'Lamp; 3; 12.50'.")
        self.number = number


RECOVERABLE = (BadRow, ConnectionError, TimeoutError, RateLimited)


class Input(TypedDict):
    """What the visitor gives."""

    rows: Annotated[
        str,
        Field(title="Goods, one a line, as name; pieces; price"),
        Field(min_length=1, max_length=2000, json_schema_extra={"multiline": True}),
    ]
    limit: Annotated[int, Field(title="Attempts at most", ge=1, le=8)]
    failures: Annotated[int, Field(title="How many of the first calls of the warehouse fail", ge=0, le=8)]
    failure: Annotated[Failure, Field(title="How they fail")]


class Attempt(TypedDict):
    """A line of the history: what an attempt failed with, if at all."""

    number: int
    error: str


class Repair(TypedDict):
    """A line of the repairs: what was done before the next attempt."""

    after: int
    did: str


class State(Input):
    """The rows as they are by now, the history, which only grows, and what came of it all."""

    repaired: str
    bad_row: int
    history: Annotated[list[Attempt], operator.add]
    repairs: Annotated[list[Repair], operator.add]
    cents: int
    report: str


def value_of(number: int, row: str) -> int:
    """Return what a row's goods are worth in cents; raise BadRow."""
    read = ROW.fullmatch(row)
    if read is None:
        raise BadRow(number, row)
    return int(read[1]) * round(float(read[2]) * 100)


def repair(row: str) -> str:
    """Return the row with what is known to go wrong put right."""
    parts = [part.strip() for part in re.split(r"[;\t|]", row)]
    if len(parts) == 3:
        parts[1] = WORDS.get(parts[1].lower(), parts[1].lower().removesuffix("pcs").strip())
        parts[2] = re.sub(r"\s|€|eur", "", parts[2].lower()).replace(",", ".")
    return "; ".join(parts)


def process(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Read all rows and hand them over; whatever goes wrong leaves the node."""
    rows = state.get("repaired", state["rows"]).splitlines()
    worth = [value_of(number, row) for number, row in enumerate(rows, 1) if row.strip()]
    if not worth:
        raise ValueError("There is no row left to read. Give at least one, as name; pieces; price.")
    runtime.context.faults.trip("warehouse", state["failures"], state["failure"])
    return {"cents": sum(worth), "history": [Attempt(number=len(state["history"]) + 1, error="")]}


def handle(state: State, error: NodeError) -> Command[Literal["recover", "fail"]]:
    """Note the attempt, and decide whether another one is worth it."""
    number = len(state["history"]) + 1
    attempt = Attempt(number=number, error=f"{type(error.error).__name__}: {error.error}")
    bad_row = error.error.number if isinstance(error.error, BadRow) else 0
    hope = isinstance(error.error, RECOVERABLE) and number < state["limit"]
    return Command(update={"history": [attempt], "bad_row": bad_row}, goto="recover" if hope else "fail")


def recover(state: State, runtime: Runtime[World]) -> dict[str, Any]:
    """Repair the row that couldn't be read, or leave it out; wait where it was the service."""
    after, number = len(state["history"]), state["bad_row"]
    if not number:
        runtime.context.wait(PAUSE)
        return {"repairs": [Repair(after=after, did="Waited for the warehouse")]}
    rows = state.get("repaired", state["rows"]).splitlines()
    if not 0 < number <= len(rows):
        return {"repairs": [Repair(after=after, did=f"Left all rows as they are: there is no row {number}")]}
    row, better = rows[number - 1], repair(rows[number - 1])
    # An empty line is none; the numbers of the others stay as they are.
    rows[number - 1] = better if better != row else ""
    did = f"Row {number} is now {better!r}" if better != row else f"Left row {number} out: {row!r}"
    return {"repaired": "\n".join(rows), "repairs": [Repair(after=after, did=did)]}


def succeed(state: State) -> dict[str, Any]:
    """Say what was read, and what it took."""
    repairs = "".join(f"\n{one['did']}" for one in state["repairs"])
    return {"report": f"Goods worth {state['cents'] / 100:,.2f} € read. Attempts: {len(state['history'])}.{repairs}"}


def fail(state: State) -> dict[str, Any]:
    """Say that nothing was read, and what it failed with at last."""
    return {"report": f"Nothing read. Attempts: {len(state['history'])}. {state['history'][-1]['error']}"}


def build(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Build the loop of processing, handling and recovering, with its two ways out."""
    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("process", process, error_handler=handle)
        .add_node("recover", recover)
        .add_node("succeed", succeed)
        .add_node("fail", fail)
        .add_edge(START, "process")
        .add_edge("process", "succeed")
        .add_edge("recover", "process")
        .add_edge("succeed", END)
        .add_edge("fail", END)
    )
