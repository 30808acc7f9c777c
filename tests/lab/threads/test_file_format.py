"""Files that are no exports, or too large: they are refused, and nothing is changed."""

import base64
import json
import tracemalloc
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import ormsgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from lab.lab import Lab
from lab.threads import export_thread
from lab.threads.exporting import ExportRefused
from lab.threads.file_format import ImportRefused, Limits
from tests.support.saved_threads import WORKSPACE, history, rows
from tests.support.thread_files import Lines, imported, must_refuse, opened, packed, sealed, written


def test_a_sealed_file_is_taken(home: tuple[Lab, bytes]) -> None:
    lab, data = home

    assert sealed(opened(data)) == data
    assert lab.workspace(WORKSPACE).history.status(imported(lab, data).thread_id) == "waiting"


def test_a_file_that_is_cut_off_or_goes_on_is_refused(home: tuple[Lab, bytes]) -> None:
    lab, data = home
    ends = [number + 1 for number, sign in enumerate(data) if sign == 10]
    for length in {0, 1, *ends[:-1], *(length - 1 for length in ends), len(data) // 2, len(data) // 3}:
        must_refuse(lab, data[:length])
    for more in (b"\n", b"{}\n", b"\x00", b"\n" + data):
        must_refuse(lab, data + more, "follows the end")


def test_a_file_with_one_changed_sign_is_refused(home: tuple[Lab, bytes]) -> None:
    lab, data = home

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(some.integers(0, len(data) - 2), some.integers(1, 255))
    def with_change(place: int, change: int) -> None:
        changed = bytearray(data)
        changed[place] ^= change
        if json_lines(bytes(changed)) != json_lines(data):
            with pytest.raises(ImportRefused):
                imported(lab, bytes(changed))

    before = rows(lab.storage)
    with_change()
    assert rows(lab.storage) == before


def json_lines(data: bytes) -> Any:
    try:
        return [json.loads(line) for line in data.splitlines()]
    except ValueError:
        return None


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"{}\n{}\n", b"PK\x03\x04\n", b"[]\n" * 3, b"\xff\xfe\n" * 3, b"null\n" * 3, b"[" * 10_000 + b"\n"],
)
def test_what_is_something_else_is_refused(home: tuple[Lab, bytes], data: bytes) -> None:
    must_refuse(home[0], data)


def header(**fields: Any) -> Callable[[Lines], None]:
    return lambda lines: lines[0].update(fields)


def point(number: int = 2, **fields: Any) -> Callable[[Lines], None]:
    return lambda lines: lines[number].update(fields)


def noted(**fields: Any) -> Callable[[Lines], None]:
    return lambda lines: lines[2]["metadata"].update(fields)


def circle(lines: Lines) -> None:
    lines[1]["parent"] = lines[2]["checkpoint"]


def twice(lines: Lines) -> None:
    lines.insert(2, lines[1])


def written_twice(lines: Lines) -> None:
    lines[1]["writes"].append(lines[1]["writes"][0])


def without(name: str, number: int) -> Callable[[Lines], None]:
    return lambda lines: lines[number].pop(name)


def unknown_channel_version(lines: Lines) -> None:
    lines[2]["values"]["more"] = ["null", packed(b"")]


def of_the_wrong_type(lines: Lines) -> None:
    lines[2]["values"]["__pregel_tasks"] = ["msgpack", packed(ormsgpack.packb(5))]
    lines[2]["versions"]["__pregel_tasks"] = next(iter(lines[2]["versions"].values()))


def only_subgraphs(lines: Lines) -> None:
    for line in lines[1:-1]:
        line["namespace"] = "sub"


FUTURE = "3fffffff-0000-6000-8000-000000000000"
OTHER_ID = "1f000000-0000-6000-8000-000000000000"
CHANGES: dict[str, tuple[Callable[[Lines], Any], str]] = {
    "another format": (header(format="other"), "format"),
    "a later version": (header(version=2), "version"),
    "a version in letters": (header(version="1"), "version"),
    "an unknown pattern": (header(pattern="unknown"), "keeps threads here"),
    "a pattern that is a path": (header(pattern="../../etc/passwd"), "keeps threads here"),
    "an unknown lane": (header(lane="unknown"), "keeps threads here"),
    "a lane that keeps nothing": (header(lane="forgets"), "keeps threads here"),
    "an unknown model": (header(model="other"), "model"),
    "no title": (header(title=" "), "title"),
    "a title with a null": (header(title="a\x00"), "title"),
    "a title that is a list": (header(title=["a"]), "title"),
    "a title without end": (header(title="x" * 5000), "title"),
    "a time that is none": (header(exported="yesterday"), "exported"),
    "a field more in the header": (header(thread_id="x"), "thread_id"),
    "a library more": (lambda lines: lines[0]["libraries"].update(other="1"), "libraries.other"),
    "a field less in the header": (without("model", 0), "model"),
    "a field more": (point(thread_id="x"), "thread_id"),
    "a field less": (without("parent", 2), "parent"),
    "an id that is none": (point(checkpoint="../../x"), "checkpoint"),
    "an id of another kind": (point(checkpoint=str(uuid.UUID(int=0, version=4))), "checkpoint"),
    "an id in capitals": (point(checkpoint=OTHER_ID.upper()), "checkpoint"),
    "an id that is a number": (point(checkpoint=5), "checkpoint"),
    "an id from the future": (point(checkpoint=FUTURE), "future|parent"),
    "an id twice": (twice, "twice"),
    "a parent that isn't there": (point(parent=OTHER_ID), "parent"),
    "a parent that is none": (point(parent="x"), "parent"),
    "descent in a circle": (circle, "parent"),
    "a namespace that is a path": (point(namespace="../../x\x00"), "namespace"),
    "a namespace with an empty part": (point(namespace="a||b"), "namespace"),
    "a namespace without end": (point(namespace="x" * 300), "namespace"),
    "nothing but subgraphs": (only_subgraphs, "no such subgraph"),
    "a checkpoint of another version": (point(v=3), "v"),
    "a time of nowhere": (point(ts="2026-99-99"), "ts"),
    "values in a list": (point(values=[]), "values"),
    "a value without a version": (unknown_channel_version, "version"),
    "a value without its kind": (point(values={"n": ["msgpack"]}), "values"),
    "versions that are no numbers": (point(versions={"n": "latest"}), "versions"),
    "versions in numbers": (point(versions={"n": 1}), "versions"),
    "seen that is none": (point(seen={"a": "b"}), "seen"),
    "updated that is none": (point(updated="a"), "updated"),
    "a source that is none": (noted(source="magic"), "source"),
    "a step in letters": (noted(step="1"), "step"),
    "a step before all": (noted(step=-9), "step"),
    "parents that are none": (noted(parents={"": "x"}), "parents"),
    "metadata of another pattern": (noted(pattern="other"), "metadata"),
    "metadata of another workspace": (noted(workspace="somebody"), "metadata"),
    "metadata with a list": (noted(label=["x"]), "label"),
    "metadata with an object": (noted(label={"lc": 1}), "label"),
    "metadata that isn't a number": (noted(label=float("nan")), "label|whole"),
    "no metadata": (point(metadata=None), "metadata"),
    "a task that is none": (written(0, "../x"), "writes"),
    "a task's path with a null": (written(1, "a\x00"), "writes"),
    "a write's number in letters": (written(2, "0"), "writes"),
    "a write's number beyond all": (written(2, 10**9), "writes"),
    "a channel that is none": (written(3, ""), "writes"),
    "a write twice": (written_twice, "twice"),
    "pickle": (written(4, "pickle"), "writes"),
    "json": (written(4, "json"), "writes"),
    "a value that isn't packed": (written(5, "!!"), "unpacked"),
    "a value that isn't deflated": (written(5, base64.b64encode(b"abc").decode()), "unpacked"),
    "a value cut off": (written(5, base64.b64encode(zlib.compress(b"abc")[:-2]).decode()), "unpacked"),
    "a value with something behind": (written(5, base64.b64encode(zlib.compress(b"abc") + b"x").decode()), "unpacked"),
    "a value the lane can't read": (of_the_wrong_type, "can't read"),
}


@pytest.mark.parametrize(("change", "says"), CHANGES.values(), ids=CHANGES)
def test_a_file_that_was_changed_is_refused(home: tuple[Lab, bytes], change: Callable[[Lines], Any], says: str) -> None:
    lab, data = home
    lines = opened(data)
    change(lines)
    must_refuse(lab, sealed(lines), says)


def every_place(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the way to everything inside a JSON value."""
    inside: Mapping[Any, Any] = value if isinstance(value, dict) else dict(enumerate(value))
    for key, one in inside.items():
        yield (*place, key)
        if isinstance(one, dict | list):
            yield from every_place(one, (*place, key))


def test_whatever_is_put_in_any_place_is_refused_or_makes_a_thread_that_can_be_read(home: tuple[Lab, bytes]) -> None:
    lab, data = home
    places = list(every_place(opened(data)[:-1]))
    junk: list[Any] = [None, True, -1, 10**30, "", "x", "../../x", [], {}, [[]], {"": None}]

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(some.sampled_from(places), some.sampled_from(junk))
    def with_junk(place: tuple[Any, ...], instead: Any) -> None:
        lines = opened(data)
        inside: Any = lines
        for step in place[:-1]:
            inside = inside[step]
        inside[place[-1]] = instead
        before = rows(lab.storage)
        try:
            thread_id = imported(lab, sealed(lines)).thread_id
        except ImportRefused:
            assert rows(lab.storage) == before
        else:
            assert history(lab, thread_id)

    with_junk()


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(line=200), "line 1: it is longer"),
        (Limits(value=3), "larger"),
        (Limits(total=60), "larger"),
        (Limits(checkpoints=1), "more than 1"),
    ],
)
def test_a_file_that_is_too_large_is_refused(home: tuple[Lab, bytes], limits: Limits, says: str) -> None:
    must_refuse(*home, says, limits)


def test_a_value_that_unfolds_without_end_is_refused_in_little_memory(home: tuple[Lab, bytes]) -> None:
    lab, data = home
    lines = opened(data)
    lines[2]["values"]["n"] = ["bytes", packed(bytes(500_000_000))]
    file = sealed(lines)
    before = rows(lab.storage)
    tracemalloc.start()
    with pytest.raises(ImportRefused, match="larger"):
        imported(lab, file)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert rows(lab.storage) == before
    assert used < 150_000_000


@pytest.mark.parametrize(
    "limits", [Limits(line=1000), Limits(value=3), Limits(total=60), Limits(checkpoints=1)], ids=str
)
def test_a_thread_that_no_import_would_take_is_not_exported(home: tuple[Lab, bytes], limits: Limits) -> None:
    lab, _ = home
    thread = lab.workspace(WORKSPACE).threads.newest()[0]
    with pytest.raises(ExportRefused):
        list(export_thread(lab.storage, thread, lab.graphs.reading("toy", "only"), limits=limits))
