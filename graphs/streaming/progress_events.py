"""Progress events: a job of five real steps tells how far it is, by the stream writer or by dispatched events.

Watch the two bars: both lanes tell the same steps and percentages, but the writer's arrive in
the stream's `custom` mode, and the dispatched ones only where a callback handler listens.
"""

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from langchain_core.callbacks import dispatch_custom_event
from langchain_core.language_models import BaseChatModel
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from pydantic import Field
from typing_extensions import TypedDict

from graphs.pattern import Example, Family, Lane, Pattern
from graphs.script import by_instruction
from graphs.world import World

PORTIONS = 10
"""How many events each of the long steps sends."""

Tell = Callable[[str, int], None]
"""Says which step is at work and how many percent of the whole job are done."""


class InvalidContent(ValueError):
    """Raised when a text holds nothing that could be counted."""


class DamagedArchive(RuntimeError):
    """Raised when what comes out of the archive isn't what went in."""


class Input(TypedDict):
    """What the visitor gives; repetitions and rounds set how much work it is."""

    text: Annotated[str, Field(title="Text", min_length=1, max_length=500, json_schema_extra={"multiline": True})]
    repetitions: Annotated[int, Field(title="Repetitions of the text", ge=1, le=20_000)]
    rounds: Annotated[int, Field(title="Rounds of hashing", ge=1, le=10_000_000)]


class State(Input):
    """What each step found; the repeated text itself is never saved, only its archive is, in Base64."""

    clean: str
    words: int
    different_words: int
    size: int
    packed_size: int
    archive: str
    checksum: str
    digest: str
    verified: bool


def _portions(total: int) -> Iterator[int]:
    return (total * (i + 1) // PORTIONS - total * i // PORTIONS for i in range(PORTIONS))


def _build(tell: Tell) -> StateGraph[State, World, Input, State]:
    def normalise(state: State) -> dict[str, Any]:
        tell("normalise", 0)
        clean = re.sub(r"\s+", " ", state["text"]).strip()
        tell("normalise", 5)
        return {"clean": clean}

    def count(state: State) -> dict[str, Any]:
        words = re.findall(r"[\w'-]*\w", state["clean"].lower())
        if not words:
            raise InvalidContent(
                f"The text {state['clean'][:40]!r} has no words. The job counts and packs words, "
                "and signs alone are none. Give at least one word."
            )
        tell("count", 10)
        return {"words": len(words) * state["repetitions"], "different_words": len(set(words))}

    def compress(state: State) -> dict[str, Any]:
        line, packer, checksum = f"{state['clean']}\n".encode(), zlib.compressobj(9), hashlib.sha256()
        packed = b""
        for done, repetitions in enumerate(_portions(state["repetitions"]), start=1):
            checksum.update(line * repetitions)
            packed += packer.compress(line * repetitions)
            tell("compress", 10 + 2 * done)
        packed += packer.flush()
        archive = base64.b64encode(packed).decode()
        size = len(line) * state["repetitions"]
        return {"size": size, "packed_size": len(packed), "archive": archive, "checksum": checksum.hexdigest()}

    def digest(state: State) -> dict[str, Any]:
        value = bytes.fromhex(state["checksum"])
        for done, rounds in enumerate(_portions(state["rounds"]), start=1):
            # PBKDF2 needs a round at least, and few rounds leave some portions with none.
            if rounds:
                value = hashlib.pbkdf2_hmac("sha256", value, state["clean"].encode(), rounds)
            tell("digest", 30 + 5 * done)
        return {"digest": value.hex()}

    def verify(state: State) -> dict[str, Any]:
        unpacker, checksum = zlib.decompressobj(), hashlib.sha256()
        rest = base64.b64decode(state["archive"])
        for done, expected in enumerate(_portions(state["size"]), start=1):
            if expected:
                checksum.update(unpacker.decompress(rest, expected))
                rest = unpacker.unconsumed_tail
            tell("verify", 80 + 2 * done)
        if checksum.hexdigest() != state["checksum"]:
            raise DamagedArchive("The archive isn't what was packed. Both must have one checksum. Run the job again.")
        return {"verified": True}

    return (
        StateGraph(State, context_schema=World, input_schema=Input)
        .add_node("normalise", normalise)
        .add_node("count", count)
        .add_node("compress", compress)
        .add_node("digest", digest)
        .add_node("verify", verify)
        .add_edge(START, "normalise")
        .add_edge("normalise", "count")
        .add_edge("count", "compress")
        .add_edge("compress", "digest")
        .add_edge("digest", "verify")
        .add_edge("verify", END)
    )


def build_stream_writer(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds the job with progress that is written to the run's own stream."""

    def tell(step: str, percent: int) -> None:
        get_stream_writer()({"step": step, "percent": percent})

    return _build(tell)


def build_dispatched(_: BaseChatModel) -> StateGraph[State, World, Input, State]:
    """Builds the same job with progress that is dispatched to whoever listens by callback."""

    def tell(step: str, percent: int) -> None:
        dispatch_custom_event("progress", {"step": step, "percent": percent})

    return _build(tell)


PATTERN = Pattern(
    slug="progress-events",
    title="Progress events",
    family=Family.STREAMING,
    summary="A job of five steps says what it is doing and how far it has come, while the nodes are still at work.",
    watch=(
        "The bar moves inside a node, long before that node's result is written to the state.",
        "*Stream writer* tells its progress by the stream's `custom` mode, *Dispatched events* by callback alone.",
        "More repetitions give compress and verify more to do, more rounds give it to digest.",
        "A text without words stops the job at 5 percent, and the bar never claims more.",
    ),
    sources=("EV 4",),
    lanes=(
        Lane(
            "stream-writer",
            "Stream writer",
            "The node writes its progress to the stream of the run that it's part of.",
            build_stream_writer,
        ),
        Lane(
            "dispatched",
            "Dispatched events",
            "The node dispatches its progress to callback handlers; the stream's `custom` mode never shows it.",
            build_dispatched,
        ),
    ),
    examples=(
        Example(
            "A long job",
            {
                "text": "Every ship has a log, and every log has a page that nobody wants to read twice.",
                "repetitions": 20_000,
                "rounds": 3_000_000,
            },
        ),
        Example("A tiny job", {"text": "One line,\n  said once.", "repetitions": 1, "rounds": 1}),
        Example("Nothing to count", {"text": "?! ... --", "repetitions": 100, "rounds": 1000}, unhappy=True),
    ),
    script=by_instruction({}),
)
