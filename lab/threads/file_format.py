"""The file that a thread travels in: a header, a line for each checkpoint, and an end that counts and seals them.

Several threads travel in one file, one after the other, each as if it were alone.

Each line is one JSON value. A saved value is its kind (msgpack, bytes, bytearray, null) and its bytes as the
checkpointer serialises them, deflated and in base64.
"""

import base64
import binascii
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, BinaryIO, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from lab.checkpoints import Write
from lab.errors import LabError
from lab.threads.msgpack_size import Unfolds, unfolded_size
from lab.threads.restricted_serde import Careful, UnsafeValue
from lab.types import ModelName

FORMAT: Literal["langgraph-pattern-lab/thread"] = "langgraph-pattern-lab/thread"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may hold, so that a small one can't unfold to more than there is room for."""

    value: int = 32 * 2**20
    """Bytes of one value."""
    line: int = 64 * 2**20
    """Bytes of one checkpoint, as it's written."""
    total: int = 512 * 2**20
    """Bytes of all values; others who write have to wait until they are all imported."""
    parts: int = 100_000
    """Parts of one line, as JSON has them: values, names and what they stand in."""
    unfolded: int = 64 * 2**20
    """Bytes of memory that the values of one checkpoint may take once they're decoded."""
    ratio: int = 100
    """Times that a value may be larger than it's written, beyond the bytes of `small`."""
    small: int = 64 * 2**10
    checkpoints: int = 100_000
    threads: int = 500


LIMITS = Limits()


class ImportRefused(LabError):
    """Raised when a file isn't an unchanged export of a thread that this lab can take; nothing was changed."""

    def __init__(self, place: str, finding: str) -> None:
        super().__init__(
            f"The file can't be imported ({place}: {finding[:300]}). Only what a lab's own export wrote is taken, "
            "unchanged and for a pattern and lane that are known here. Nothing was changed. Export the thread again."
        )


def _matching(pattern: str) -> Any:
    return Field(pattern=f"^{pattern}$", max_length=1000)


def _is_time(stamp: str) -> str:
    datetime.fromisoformat(stamp)
    return stamp


_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_SEGMENT = rf"[^|:\x00-\x1f]{{1,200}}(:{_UUID})?"
TaskId = Annotated[str, _matching(_UUID)]
CheckpointId = Annotated[str, _matching("[0-9a-f]{8}-[0-9a-f]{4}-6[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")]
"""A UUID of version 6, which holds the time of writing."""
Namespace = Annotated[str, _matching(rf"({_SEGMENT}(\|{_SEGMENT})*)?")]
Name = Annotated[str, _matching(r"[^\x00-\x1f]{1,200}")]
Version = Annotated[str, _matching(r"[0-9]{1,32}\.[0-9.e+-]{1,40}")]
Time = Annotated[str, Field(max_length=40), AfterValidator(_is_time)]
Kind = Literal["msgpack", "bytes", "bytearray", "null"]
Value = tuple[Kind, str]
Number = Annotated[int, Field(ge=-10, le=10**6)]
"""Of a task's writes; errors, questions and answers have negative ones."""
Scalar = Annotated[str, _matching(r"[^\x00]*")] | Annotated[int, Field(ge=-(2**63), lt=2**63)] | float | bool | None


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Libraries(_Part):
    """What wrote the states, for a reader who wonders about a difference."""

    langgraph: Annotated[str, Field(max_length=40)]
    checkpoint: Annotated[str, Field(max_length=40)]
    core: Annotated[str, Field(max_length=40)]


class Header(_Part):
    """The first line."""

    format: Literal["langgraph-pattern-lab/thread"]
    version: Literal[1]
    pattern: Name
    lane: Name
    model: ModelName
    title: Annotated[str, _matching(r"[^\x00]*")]
    exported: Time
    libraries: Libraries


class Metadata(_Part):
    """What the library notes beside a checkpoint; further keys come from a run's config and are scalars."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Scalar]
    source: Literal["input", "loop", "update", "fork"]
    step: Annotated[int, Field(ge=-1, le=10**9)]
    parents: dict[Namespace, CheckpointId]
    counters_since_delta_snapshot: dict[Name, tuple[int, int]] | None = None

    def saved(self) -> dict[str, Any]:
        """Return it as the library saves it."""
        return self.model_dump(exclude_unset=True)


class Point(_Part):
    """A line of the middle: one checkpoint, and what its tasks wrote."""

    checkpoint: CheckpointId
    parent: CheckpointId | None
    namespace: Namespace
    v: Literal[4]
    ts: Time
    values: dict[Name, Value]
    versions: dict[Name, Version]
    seen: dict[Name, dict[Name, Version]]
    updated: list[Name] | None
    metadata: Metadata
    writes: list[tuple[TaskId, Annotated[str, _matching(r"[^\x00]*")], Number, Name, Kind, str]]


class End(_Part):
    """The last line."""

    checkpoints: int
    writes: int
    left_out: list[Annotated[str, Field(max_length=1000)]] | None = None
    """What the thread has beside, in words; a file never tells what it was."""
    sha256: Annotated[str, _matching("[0-9a-f]{64}")]
    """Of all lines before it."""


def pack(kind: str, data: bytes, limits: Limits = LIMITS) -> tuple[Any, str]:
    """Return a serialised value as it's written."""
    packed = zlib.compress(data, 1)
    if len(data) > limits.small + limits.ratio * len(packed):
        # Deflated it would look like a file that's made to unfold without end.
        packed = zlib.compress(data, 0)
    return kind, base64.b64encode(packed).decode()


class Room:
    """What is left of the memory that one checkpoint's values may take."""

    def __init__(self, limits: Limits) -> None:
        self._left = limits.unfolded

    def take(self, kind: str, data: bytes) -> None:
        """Count a value before it's decoded; raises UnsafeValue."""
        try:
            self._left -= unfolded_size(data, self._left) if kind == "msgpack" else len(data)
        except Unfolds as error:
            raise UnsafeValue(str(error)) from error
        if self._left < 0:
            raise UnsafeValue("it unfolds to more than allowed")


def must_be_few(line: bytes, limits: Limits) -> None:
    """Refuse a line of so many parts that reading it takes more memory than its length lets expect; UnsafeValue."""
    # Packed values hold none of these signs.
    if sum(map(line.count, (b",", b"[", b"{"))) > limits.parts:
        raise UnsafeValue(f"it has more than {limits.parts} parts")


AnyPart = TypeVar("AnyPart", bound=_Part)


_BEGIN = b'{"format"'
"""How the next thread of a file begins."""


class ThreadFile:
    """One thread of a file, read from its beginning, every line checked before it's given."""

    def __init__(self, file: BinaryIO, limits: Limits = LIMITS, after: Self | None = None) -> None:
        """Read the header of the file's first thread, or of the one that stands after another that was read whole."""
        self._file = file
        self._limits = limits
        self._seal = sha256()
        self.line: int = after.line if after else 0
        """The number of the line read last, counted from the beginning of the file."""
        self._unpacked = 0
        self.end: int = 0
        """Where the next thread begins; known once this one's checkpoints were read."""
        self.is_last = True
        """Whether no other thread stands after this one; known once its checkpoints were read."""
        file.seek(after.end if after else 0)
        self.header = self._part(Header, self._next())

    def points(self) -> Iterator[Point]:
        """Return the checkpoints in the order of the file, and end where the thread is whole."""
        checkpoints = writes = 0
        while not (line := self._next()).startswith(b'{"checkpoints"'):
            point = self._part(Point, line)
            checkpoints, writes = checkpoints + 1, writes + len(point.writes)
            if checkpoints > self._limits.checkpoints:
                raise self.refused(f"more than {self._limits.checkpoints} checkpoints")
            yield point
        end = self._part(End, line, sealed=False)
        if (end.checkpoints, end.writes, end.sha256) != (checkpoints, writes, self._seal.hexdigest()):
            raise self.refused("the lines before it aren't those that were sealed")
        self.end = self._file.tell()
        more = self._file.read(len(_BEGIN))
        if more not in (b"", _BEGIN):
            raise self.refused("something follows the end")
        self.is_last = not more

    def room(self) -> Room:
        """Return the room for one checkpoint's values."""
        return Room(self._limits)

    def unpack(self, kind: str, packed: str, serde: Careful, room: Room) -> Any:
        """Return a value, without making an object of any type."""
        inflate = zlib.decompressobj()
        # Of what is 4 signs long there are 3 bytes.
        most = min(self._limits.value, self._limits.small + self._limits.ratio * (len(packed) * 3 // 4))
        try:
            data = inflate.decompress(base64.b64decode(packed, validate=True), most + 1)
        except (binascii.Error, zlib.error, ValueError) as error:
            raise self.refused("a value can't be unpacked") from error
        self._unpacked += len(data)
        if len(data) > most or self._unpacked > self._limits.total:
            raise self.refused("the values are larger than allowed")
        if not inflate.eof or inflate.unused_data:
            raise self.refused("a value can't be unpacked")
        try:
            room.take(kind, data)
            return serde.loads_typed((kind, data))
        except UnsafeValue as error:
            raise self.refused(str(error)) from error

    def refused(self, finding: str) -> ImportRefused:
        """Make the error that names the line read last."""
        return ImportRefused(f"line {self.line}", finding)

    def _next(self) -> bytes:
        self.line += 1
        line = self._file.readline(self._limits.line + 1)
        if len(line) > self._limits.line:
            raise self.refused("it is longer than allowed")
        if not line.endswith(b"\n"):
            raise self.refused("the file is cut off")
        return line

    def _part(self, part: type[AnyPart], line: bytes, *, sealed: bool = True) -> AnyPart:
        if sealed:
            self._seal.update(line)
        try:
            must_be_few(line, self._limits)
            return part.model_validate_json(line)
        except UnsafeValue as error:
            raise self.refused(str(error)) from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            at = ".".join(str(step)[:80] for step in first["loc"])
            raise self.refused(f"{at or 'the whole'}: {first['msg']}") from error


def thread_files(file: BinaryIO, limits: Limits = LIMITS) -> Iterator[ThreadFile]:
    """Return the threads of a file one by one; each is to be read whole before the next is asked for."""
    opened = ThreadFile(file, limits)
    yield opened
    for _ in range(limits.threads):
        if opened.is_last:
            return
        opened = ThreadFile(file, limits, opened)
        yield opened
    raise opened.refused(f"more than {limits.threads} threads")


def unpacked(point: Point, file: ThreadFile, serde: Careful) -> tuple[dict[str, Any], list[Write]]:
    """Return a checkpoint as the checkpointers save it, and what its tasks wrote."""
    room = file.room()
    values = {name: file.unpack(kind, packed, serde, room) for name, (kind, packed) in point.values.items()}
    writes = [
        Write(task, path, number, channel, *serde.dumps_typed(file.unpack(kind, packed, serde, room)))
        for task, path, number, channel, kind, packed in point.writes
    ]
    checkpoint = {
        "v": point.v,
        "ts": point.ts,
        "id": point.checkpoint,
        "channel_values": values,
        "channel_versions": point.versions,
        "versions_seen": point.seen,
        "updated_channels": point.updated,
    }
    return checkpoint, writes
