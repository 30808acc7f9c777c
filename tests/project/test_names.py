"""Names say what a value is, in the field's words, and not that it was got."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.project import ROOT

FLOORS = ("graphs", "lab", "ui", "pages")
OUT = frozenset((
    "apart", "attempts", "back", "beside", "chain", "door", "found", "going", "grown", "held", "intake", "keep",
    "keeping", "kept", "moment", "noting", "owned", "parcel", "plain", "told",
))  # fmt: skip
"""Private words for what the field has a word for, and words that only say how a value was come by."""
SAVED = {"lab/events/types.py": {"found"}, "graphs/figures.py": {"failed_attempts"}}
"""Names under which values are saved in databases, and one that counts what failed."""
FILES = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Return each name that is given in a module, with its line: of functions, classes, arguments and variables."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.arg(arg=name) | ast.alias(asname=str(name)):
                yield name, node.lineno
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, node.lineno


def functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno


def out(source: str) -> list[str]:
    """Return the names of a module that are out."""
    tree = ast.parse(source)
    alone = [(name, line) for name, line in names(tree) if name.strip("_").lower() in OUT]
    endings = [(name, line) for name, line in functions(tree) if name.rpartition("_")[2] in OUT]
    return [f"{line}: {name}" for name, line in sorted({*alone, *endings}, key=lambda one: (one[1], one[0]))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_name_says_only_that_its_value_was_got(path: Path) -> None:
    assert path.stem not in OUT
    saved = SAVED.get(path.relative_to(ROOT).as_posix(), set())
    assert [one for one in out(path.read_text(encoding="utf-8")) if one.split(": ")[1] not in saved] == []


def test_the_names_of_functions_classes_arguments_attributes_and_variables_are_looked_at() -> None:
    source = """
import x as door
class Parcel: pass
def way_back(held, *, _kept=None):
    for found in held: self.told = found
    try: pass
    except E as moment: pass
"""
    assert [line.partition(": ")[2] for line in out(source)] == [
        "door", "Parcel", "_kept", "held", "way_back", "found", "told", "moment",
    ]  # fmt: skip


def public_names(path: Path) -> Iterator[str]:
    """Return the public functions and classes of a module."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def test_no_two_modules_give_one_name_to_different_things() -> None:
    # Each page has a `render`, which the router calls.
    given = [name for path in FILES if path.is_relative_to(ROOT / "ui") for name in public_names(path)]
    assert sorted({name for name in given if given.count(name) > 1}) == []
