"""Values that would make something of their own: they are refused, and make nothing."""

from typing import Any

import ormsgpack
import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from lab.lab import Lab
from tests.support.thread_files import must_refuse, opened, packed, sealed, written

CALLED = list[Any]()


def canary(*given_values: Any, **named: Any) -> str:
    """Note that a value made Python call it."""
    CALLED.append((given_values, named))
    return "called"


def ext(code: int, *inner: Any) -> ormsgpack.Ext:
    return ormsgpack.Ext(code, ormsgpack.packb(inner))


def nested(depth: int) -> ormsgpack.Ext:
    found = ext(0, "builtins", "set", [])
    for _ in range(depth):
        found = ext(0, "builtins", "set", [found])
    return found


HERE = canary.__module__
UNSAFE: dict[str, bytes] = {
    "a function by one argument": ormsgpack.packb(ext(0, HERE, "canary", "x")),
    "a function by arguments": ormsgpack.packb(ext(1, HERE, "canary", ["x"])),
    "a function by keywords": ormsgpack.packb(ext(2, HERE, "canary", {"x": 1})),
    "a method": ormsgpack.packb(ext(3, HERE, "CALLED", "x", "append")),
    "a model of the first pydantic": ormsgpack.packb(ext(4, HERE, "canary", {"x": 1})),
    "a model": ormsgpack.packb(ext(5, HERE, "canary", {"x": 1}, "model_validate_json")),
    "a shell": ormsgpack.packb(ext(0, "os", "system", "echo called")),
    "inside a list": ormsgpack.packb([1, {"a": [ext(0, HERE, "canary", "x")]}]),
    "inside a safe type": ormsgpack.packb(ext(0, "builtins", "set", [ext(0, HERE, "canary", "x")])),
    "inside a snapshot": ormsgpack.packb(ext(7, ext(0, HERE, "canary", "x"))),
    "as a key": ormsgpack.packb({"a": 1}).replace(b"\xa1a", ormsgpack.packb(ext(0, HERE, "canary", "x"))),
    "an array of objects": ormsgpack.packb(ext(6, "|O", [1], "C", b"12345678")),
    "an array of another shape": ormsgpack.packb(ext(6, "<i8", [2], "C", b"12345678")),
    "an unknown extension": ormsgpack.packb(ext(99, "builtins", "set", [])),
    "a name that is a list": ormsgpack.packb(ext(0, "builtins", ["set"], [])),
    "an extension of nothing": ormsgpack.packb(ormsgpack.Ext(0, b"")),
    "an extension of garbage": ormsgpack.packb(ormsgpack.Ext(0, b"\xc1\xff")),
    "an extension that is too short": ormsgpack.packb(ext(0, "builtins")),
    "objects nested deeply": ormsgpack.packb(nested(60)),
    "objects nested very deeply": ormsgpack.packb(nested(3000)),
    "lists nested deeply": b"\x91" * 100_000 + b"\xc0",
    "a list said to be long": b"\xdd\xff\xff\xff\xff",
    "a table said to be long": b"\xdf\xff\xff\xff\xff",
    "garbage": b"\xc1",
    "nothing": b"",
}


@pytest.mark.parametrize("where", ["a value", "a write"])
@pytest.mark.parametrize("data", UNSAFE.values(), ids=UNSAFE)
def test_a_value_that_would_make_something_unknown_is_refused_and_makes_nothing(
    home: tuple[Lab, bytes], data: bytes, where: str
) -> None:
    lab, good = home
    lines = opened(good)
    if where == "a write":
        written(4, "msgpack")(lines)
        written(5, packed(data))(lines)
    else:
        lines[2]["values"]["n"] = ["msgpack", packed(data)]
    CALLED.clear()
    must_refuse(lab, sealed(lines))

    assert CALLED == []


@pytest.mark.parametrize("name", ["a function by one argument", "a function by keywords", "inside a safe type"])
@pytest.mark.filterwarnings("ignore")
def test_the_library_itself_would_call_what_such_a_value_names(name: str) -> None:
    CALLED.clear()
    JsonPlusSerializer(allowed_msgpack_modules=True).loads_typed(("msgpack", UNSAFE[name]))

    assert len(CALLED) == 1
