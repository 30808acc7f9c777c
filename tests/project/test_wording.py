"""The words that visitors read: lanes by their titles, buttons by their labels, numbers with their nouns."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern
from lab.database import BUSINESS
from tests.support.project import ROOT
from ui.common import business_row

EACH_PATTERN = pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
SOURCES = [path for floor in ("graphs", "lab", "ui", "pages") for path in sorted((ROOT / floor).rglob("*.py"))]
BUTTONS = {"Restart from the beginning", "Resume", "Retry", "Run", "Send", "Simulate a restart", "Threads"}
BARE = (
    "no field was changed",
    "a value is needed",
    "it can't be left empty",
    "Look for less",
    "Pick one from the list",
)
"""Fragments that once stood where a sentence belongs."""


def told(pattern: Pattern) -> str:
    """Return all that the page and the file say of a pattern."""
    file = ROOT / "graphs" / pattern.lanes[0].build.__module__.removeprefix("graphs.").replace(".", "/")
    says = ast.get_docstring(ast.parse(file.with_suffix(".py").read_text(encoding="utf-8"))) or ""
    lanes = [text for lane in pattern.lanes for text in (lane.differs, lane.trap)]
    return "\n".join((says, pattern.summary, *pattern.watch, *lanes))


@EACH_PATTERN
def test_a_lane_is_called_by_its_title(pattern: Pattern) -> None:
    titles = [lane.title for lane in pattern.lanes]
    text = " ".join(told(pattern).split())

    assert re.findall(r"\b(?:static|dynamic|first|second|third|last|other|one|sequential|fan-out) lane\b", text) == []
    assert re.findall(r"\bthe (?:static|dynamic) one\b", text) == []
    assert {name for line in pattern.watch for name in re.findall(r"\*([^*`]+)\*", line)} <= {*titles, *BUTTONS}


@EACH_PATTERN
def test_a_page_of_several_lanes_has_a_title_for_each_that_says_what_it_is(pattern: Pattern) -> None:
    titles = [lane.title.casefold() for lane in pattern.lanes]

    assert len(set(titles)) == len(titles)
    assert not {"static", "dynamic", "left", "right"} & set(titles)


def raised(path: Path) -> Iterator[str]:
    """Return the texts of the errors that a file raises."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise):
            yield " ".join(
                one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
            )


@pytest.mark.parametrize("path", sorted((ROOT / "graphs").rglob("*.py")), ids=lambda path: path.stem)
def test_a_node_s_error_names_the_button_that_a_failed_lane_has(path: Path) -> None:
    assert [
        text
        for text in raised(path)
        if re.search(r"\bcontinue\b|\bstart (?:anew|again)\b|\btry again\b", text, re.IGNORECASE)
    ] == []


def texts(path: Path) -> Iterator[str]:
    """Return the texts of a file, its docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    says = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in says:
            yield node.value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_text_calls_a_button_by_a_name_that_it_had(path: Path) -> None:
    old = re.compile(r"\*(?:Continue|Restart|Start again|Try again)\*|^(?:Continue|Restart|Start again|Try again)$")
    assert [text for text in texts(path) if old.search(text)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_text_leaves_the_plural_to_the_reader_or_stands_as_a_fragment(path: Path) -> None:
    for text in texts(path):
        assert not re.search(r"\w\(e?s\)", text), text
        assert not any(text.startswith(bare) or f". {bare}" in text for bare in BARE), text


def test_a_ledger_s_row_shows_money_as_money_and_the_pattern_s_own_key() -> None:
    thread = "5f0c2c7e-6f0e-4a51-9d1c-000000000001"
    row = {"number": 1, "thread_id": thread, "order": "Kitchen", "cents": 1240000, "key": f"{thread}/EXP-1", "at": 1.0}

    assert business_row("Durability sync", row) == {
        "Lane": "Durability sync",
        "No.": 1,
        "Order": "Kitchen",
        "Amount": "12,400.00 €",
        "Idempotency key": "EXP-1",
    }
    assert business_row("Durability sync", {**row, "key": None})["Idempotency key"] == ""


@pytest.mark.parametrize("table", BUSINESS)
def test_no_column_of_a_business_table_is_shown_by_its_name_in_the_database(table: str) -> None:
    # What it repeats is told by its status.
    columns = {column.name for column in BUSINESS[table].columns} - {"repeats"}
    row: dict[str, object] = {**dict.fromkeys(columns, ""), "cents": 0, "status": ""}

    assert not set(business_row("lane", row)) & set(row)
