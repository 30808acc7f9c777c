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

PORTIONS = 10  # events that each of the long steps sends
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


def _build(tell: Tell) -> StateGraph[State, None, Input, State]:
    def normalise(state: State) -> dict[str, Any]:
        tell("normalise", 0)
        clean = re.sub(r"\s+", " ", state["text"]).strip()
        tell("normalise", 5)
        return {"clean": clean}

    def count(state: State) -> dict[str, Any]:
        words = re.findall(r"[\w'-]*\w", state["clean"].lower())
        if not words:
            raise InvalidContent(f"The text {state['clean'][:40]!r} has no words. Give at least one word to count.")
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
        StateGraph(State, input_schema=Input)
        .add_edge(START, "normalise")
        .add_sequence([normalise, count, compress, digest, verify])
        .add_edge("verify", END)
    )


def build_stream_writer(_: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the job with progress that is written to the run's own stream."""

    def tell(step: str, percent: int) -> None:
        get_stream_writer()({"step": step, "percent": percent})

    return _build(tell)


def build_dispatched(_: BaseChatModel) -> StateGraph[State, None, Input, State]:
    """Build the same job with progress that is dispatched to whoever listens by callback."""

    def tell(step: str, percent: int) -> None:
        dispatch_custom_event("progress", {"step": step, "percent": percent})

    return _build(tell)
