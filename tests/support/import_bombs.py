"""A program that imports files made to unfold without end, and tells how much memory each took and what was said."""

import base64
import json
import sys
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from lab.lab import Lab
from lab.threads import ImportRefused
from tests.support.labs import quiet
from tests.support.saved_threads import WORKSPACE, three_steps
from tests.support.thread_files import exported, imported, opened, sealed
from tests.support.toy_patterns import ran

MB = 2**20


def head(sign: int, length: int) -> bytes:
    return bytes([sign]) + length.to_bytes(4, "big")


def nested(levels: int, size: int) -> bytes:
    """Make objects inside objects, each of which holds the bytes of all inside it."""
    found = head(0xC6, size) + bytes(size)
    for _ in range(levels):
        found = b"\x93\xa8builtins\xa3set" + head(0xC9, len(found)) + b"\x00" + found
    return found


def values() -> dict[str, tuple[str, bytes, int]]:
    """Return kind, bytes and number of the values of a checkpoint."""
    text = head(0xDB, 31 * MB) + b"a" * (31 * MB)
    array = b"\x94\xa3<f8\x91\x01\xa1C" + head(0xC6, 30 * MB) + bytes(30 * MB)
    return {
        "empty maps": ("msgpack", head(0xDD, 31 * MB) + b"\x80" * (31 * MB), 1),
        "small numbers": ("msgpack", head(0xDD, 31 * MB) + bytes(31 * MB), 1),
        "lists of one": ("msgpack", head(0xDD, 15 * MB) + b"\x91\xc0" * (15 * MB), 1),
        "a promised length": ("msgpack", head(0xDD, 2**32 - 1) * 90, 1),
        "wide text": ("msgpack", head(0xDB, 20 * MB) + b"a" * (20 * MB - 4) + "\U0001f600".encode(), 1),
        "objects in objects": ("msgpack", nested(45, 30 * MB), 1),
        "an array": ("msgpack", head(0xC9, len(array)) + b"\x06" + array, 1),
        "many values": ("msgpack", text, 16),
        "many bytes": ("bytes", bytes(31 * MB), 16),
        "depth": ("msgpack", b"\x91" * 900 + b"\xc0", 1),
    }


def lines() -> dict[str, bytes]:
    return {
        "a line of numbers": b'{"x":[' + b"0," * (8 * MB) + b"0]}\n",
        "a line of objects": b'{"x":[' + b"{}," * (4 * MB) + b"{}]}\n",
        "a line of names": b"{" + b",".join(b'"%d":0' % number for number in range(700_000)) + b"}\n",
        "a line of brackets": b"[" * (8 * MB) + b"\n",
        "a line of digits": b'{"v":' + b"9" * (8 * MB) + b"}\n",
        "many faults": b"{" + b",".join(b'"%d":0' % number for number in range(99_000)) + b"}\n",
    }


def files(data: bytes) -> dict[str, Callable[[], bytes]]:
    found: dict[str, Callable[[], bytes]] = {}
    for name, (kind, value, number) in values().items():
        for level in (9, 0) if number == 1 else (9,):
            packed = base64.b64encode(zlib.compress(value, level)).decode()
            written = "deflated" if level else "as they are"
            found[f"{name}, {written}"] = partial(with_values, data, kind, packed, number)
    body = data.splitlines(keepends=True)
    for name, line in lines().items():
        found[name] = partial(b"".join, [body[0], line, *body[2:]])
    return found


def with_values(data: bytes, kind: str, packed: str, number: int) -> bytes:
    found = opened(data)
    version = next(iter(found[2]["versions"].values()))
    for name in ["done", *(f"x{count}" for count in range(1, number))]:
        found[2]["values"][name], found[2]["versions"][name] = [kind, packed], version
    return sealed(found)


def memory(name: str) -> int:
    lines_ = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines_ if line.startswith(name)) * 1024


def main() -> None:
    lab = Lab(quiet("memory"), patterns=[three_steps()])
    data = exported(lab, ran(lab.workspace(WORKSPACE)))
    imported(lab, data)
    told = {}
    for name, make in files(data).items():
        file = make()
        # From here on the peak counts anew.
        Path("/proc/self/clear_refs").write_text("5")
        before = memory("VmRSS")
        try:
            said = f"taken: {imported(lab, file)}"
        except ImportRefused as refused:
            said = str(refused)
        told[name] = (len(file), max(0, memory("VmHWM") - before), said)
    lab.close()
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
