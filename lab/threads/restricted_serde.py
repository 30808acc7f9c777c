"""Checks the serialized values of a file against a list of allowed types, without making their objects."""

import math
import re
from typing import Any

import numpy as np
import ormsgpack
from langgraph.checkpoint.serde._msgpack import SAFE_MSGPACK_METHODS, SAFE_MSGPACK_TYPES
from langgraph.checkpoint.serde.jsonplus import (
    EXT_CONSTRUCTOR_KW_ARGS,
    EXT_CONSTRUCTOR_POS_ARGS,
    EXT_CONSTRUCTOR_SINGLE_ARG,
    EXT_DELTA_SNAPSHOT,
    EXT_METHOD_SINGLE_ARG,
    EXT_NUMPY_ARRAY,
    EXT_PYDANTIC_V1,
    EXT_PYDANTIC_V2,
    JsonPlusSerializer,
)
from langgraph.checkpoint.serde.types import _DeltaSnapshot

from lab.state import TypeNames, declared_types
from lab.types import Graph

_CONSTRUCTORS = (
    EXT_CONSTRUCTOR_SINGLE_ARG,
    EXT_CONSTRUCTOR_POS_ARGS,
    EXT_CONSTRUCTOR_KW_ARGS,
    EXT_PYDANTIC_V1,
    EXT_PYDANTIC_V2,
)
_DEEPEST = 50
"""Objects inside objects; what the lab saves has a handful of levels."""


_NUMBERS = re.compile(r"[<>|=]?([biufc](1|2|4|8|16|32)|[mM]8(\[[0-9]{0,3}[a-zA-Zμ]{1,2}\])?|[SU][0-9]{1,4})")
"""Types of NumPy arrays whose bytes are their values."""
_DIMENSIONS = 32


class UnsafeValue(Exception):
    """Raised at a value that is damaged, or of a kind or type that isn't allowed; the message names it."""


def allowed_types(graph: Graph) -> TypeNames:
    """Return the types that the library takes for safe, and those that the schemas of a lane's state name."""
    return declared_types(graph) | SAFE_MSGPACK_TYPES


def is_reserved(channel: str) -> bool:
    """Return whether a write goes to the library's own books: errors, questions, answers, a task's end."""
    return channel.startswith("__")


class Careful(JsonPlusSerializer):
    """Reads saved values without importing or calling anything, and refuses types that aren't allowed.

    The library's own reader imports the module that a value names and calls what it finds there under the name
    that the value gives.
    """

    def __init__(self, allowed: TypeNames) -> None:
        super().__init__(__unpack_ext_hook__=self._checked)
        self._allowed = allowed
        self._depth = 0
        self._finding = ""

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Return a value whose objects are left packed; raises UnsafeValue."""
        kind, raw = data
        if kind not in ("msgpack", "bytes", "bytearray", "null") or (kind == "null" and raw):
            raise UnsafeValue(f"a value of the kind '{kind[:80]}', which isn't read")
        self._depth, self._finding = 0, ""
        try:
            return super().loads_typed(data)
        except ValueError as error:
            # What the hook raises doesn't come through; it leaves behind why.
            raise UnsafeValue(self._finding or "a value is damaged") from error

    def _checked(self, code: int, data: bytes) -> Any:
        self._depth += 1
        if code not in (*_CONSTRUCTORS, EXT_METHOD_SINGLE_ARG, EXT_DELTA_SNAPSHOT, EXT_NUMPY_ARRAY):
            self._refuse(f"a value of the extension {code}, which isn't read")
        if self._depth > _DEEPEST:
            self._refuse("objects are nested too deeply")
        inner = ormsgpack.unpackb(data, ext_hook=self._checked, option=ormsgpack.OPT_NON_STR_KEYS)
        self._depth -= 1
        if code == EXT_DELTA_SNAPSHOT:
            return _DeltaSnapshot(inner)
        if code == EXT_NUMPY_ARRAY:
            self._check_array(inner)
        else:
            self._check(code, inner)
        return ormsgpack.Ext(code, data)

    def _check(self, code: int, inner: Any) -> None:
        """Refuse all but the constructors of allowed types and the one method that the library itself calls."""
        size = 4 if code in (EXT_METHOD_SINGLE_ARG, EXT_PYDANTIC_V2) else 3
        if not isinstance(inner, list) or len(inner) != size or not isinstance(inner[0], str):
            self._refuse("an object is damaged")
        named = (inner[0], inner[1], inner[3]) if code == EXT_METHOD_SINGLE_ARG else (inner[0], inner[1])
        if named not in (SAFE_MSGPACK_METHODS if code == EXT_METHOD_SINGLE_ARG else self._allowed):
            self._refuse(f"a value of the type {'.'.join(map(str, named))[:120]}, which the lane's state doesn't name")

    def _check_array(self, inner: Any) -> None:
        """Refuse an array that isn't plain numbers or texts, or whose shape isn't that of its bytes."""
        try:
            kind, shape, order, data = inner
            sound = isinstance(kind, str) and _NUMBERS.fullmatch(kind) and order in ("C", "F")
            sound = sound and len(shape) <= _DIMENSIONS and all(type(one) is int and one >= 0 for one in shape)
            whole = bool(sound) and math.prod(shape) * np.dtype(kind).itemsize == len(data)
        except (TypeError, ValueError):
            whole = False
        if not whole:
            self._refuse("an array is damaged, or of a type that isn't read")

    def _refuse(self, finding: str) -> None:
        self._finding = self._finding or finding
        raise UnsafeValue(finding)
