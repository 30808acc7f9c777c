"""Files of threads for tests: written, opened, changed, sealed again and taken in."""

import base64
import io
import json
import zlib
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from graphs.pattern import Pattern
from lab.checkpoints import Storage, thread_config
from lab.lab import Lab
from lab.threads import ImportRefused, Limits, Thread, export_thread, import_threads
from lab.types import Graph
from tests.support.saved_threads import WORKSPACE, rows, thread_of

Lines = list[Any]


def exported(lab: Lab, thread_id: str) -> bytes:
    thread = thread_of(lab, thread_id)
    return b"".join(export_thread(lab.storage, thread, lab.graphs.reading(thread.pattern, thread.lane)))


def graph_of(lab: Lab) -> Callable[[str, str], Graph | None]:
    def find(slug: str, lane_key: str) -> Graph | None:
        known = any(slug == p.slug and lane_key == one.key and one.remembers for p in known_to(lab) for one in p.lanes)
        return lab.graphs.reading(slug, lane_key) if known else None

    return find


def known_to(lab: Lab) -> list[Pattern]:
    return list(lab.graphs.patterns.values())


def imported(lab: Lab, data: bytes, workspace: str = WORKSPACE, limits: Limits | None = None) -> Thread:
    (thread,) = imported_together(lab, data, workspace, limits)
    return thread


def imported_together(
    lab: Lab, data: bytes, workspace: str = WORKSPACE, limits: Limits | None = None
) -> tuple[Thread, ...]:
    return import_threads(lab.storage, io.BytesIO(data), workspace, graph_of(lab), limits=limits or Limits())


def opened(data: bytes) -> Lines:
    """Return the lines of a file."""
    return [json.loads(line) for line in data.splitlines()]


def sealed(lines: Lines) -> bytes:
    """Write lines as an attacker would who knows the format: the end fits whatever stands before it."""
    body = b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines[:-1])
    told: list[Any] = [line.get("writes") for line in lines[1:-1] if isinstance(line, dict)]
    writes = sum(len(one) for one in told if isinstance(one, list))
    last = {"checkpoints": len(lines) - 2, "writes": writes, "sha256": sha256(body).hexdigest()}
    return body + json.dumps(last, separators=(",", ":")).encode() + b"\n"


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def must_refuse(lab: Lab, data: bytes, says: str | None = None, limits: Limits | None = None) -> None:
    """Check that a file is refused with a message that helps, and that nothing at all was changed."""
    before = rows(lab.storage)
    with pytest.raises(ImportRefused, match=says) as refused:
        imported(lab, data, limits=limits)
    assert rows(lab.storage) == before
    assert "Nothing was changed. Export the thread again." in str(refused.value)
    assert len(str(refused.value)) < 800


def values(lab: Lab, thread_id: str) -> dict[str, Any]:
    thread = thread_of(lab, thread_id)
    state = lab.graphs.reading(thread.pattern, thread.lane).get_state(thread_config(thread_id))
    return dict(state.values)


def written(place: int, value: Any) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        next(line for line in lines[1:-1] if line["writes"])["writes"][0][place] = value

    return change


def count(storage: Storage, thread_id: str) -> int:
    with storage.open_for_reading() as found:
        return len(found.rows.links(thread_id))
