"""Files that unfold without end: refused in words before they take the memory that they ask for."""

import json
import subprocess
import sys
from contextlib import suppress

import ormsgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from lab.lab import Lab
from lab.threads.msgpack_size import Unfolds, unfolded_size
from tests.support.project import ROOT
from tests.support.thread_files import must_refuse, opened, packed, sealed

ROOM = 150 * 2**20


@pytest.mark.processes
def test_no_file_takes_more_memory_than_there_is_room_for() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.support.import_bombs"],
        cwd=ROOT,
        capture_output=True,
        timeout=110,
        check=True,
    )
    told = json.loads(done.stdout)

    assert len(told) > 20
    assert {name: growth for name, (_, growth, _) in told.items() if growth > ROOM} == {}
    for name, (_, _, said) in told.items():
        assert said.startswith("The file can't be imported (line "), (name, said[:200])


@pytest.mark.parametrize("place", ["values", "writes"])
def test_a_value_of_a_channel_that_the_lane_does_not_have_is_refused(home: tuple[Lab, bytes], place: str) -> None:
    lab, data = home
    lines = opened(data)
    if place == "values":
        lines[2]["values"]["strange"] = ["msgpack", packed(ormsgpack.packb("x"))]
        lines[2]["versions"]["strange"] = next(iter(lines[2]["versions"].values()))
    else:
        line = next(line for line in lines[1:-1] if line["writes"])
        line["writes"].append([line["writes"][0][0], "", 90, "strange", "msgpack", packed(ormsgpack.packb("x"))])
    must_refuse(lab, sealed(lines), "the lane's state has no 'strange'")


def _extended(value: object) -> ormsgpack.Ext:
    return ormsgpack.Ext(1, ormsgpack.packb(value))


VALUES = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**63), 2**64 - 1) | some.floats() | some.text() | some.binary(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner) | some.builds(_extended, inner),
    max_leaves=30,
)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_what_is_whole_is_measured_and_what_is_cut_off_is_not(value: object) -> None:
    data = ormsgpack.packb(value)

    assert unfolded_size(data, 2**30) >= len(data) // 2
    for cut in range(len(data)):
        with pytest.raises(Unfolds):
            unfolded_size(data[:cut], 2**30)


@settings(max_examples=300, deadline=None)
@given(some.binary(max_size=60))
def test_any_bytes_are_measured_or_refused(data: bytes) -> None:
    try:
        unfolded_size(data, 10_000)
    except Unfolds:
        return
    # A text may still not be UTF-8, which the reader finds.
    with suppress(ValueError):
        ormsgpack.unpackb(data, option=ormsgpack.OPT_NON_STR_KEYS, ext_hook=ormsgpack.Ext)
