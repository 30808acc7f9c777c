"""A small thread of all kinds of checkpoints, and trees as they're drawn."""

from collections.abc import Sequence
from typing import Any

from lab.history import Mark, build_tree
from tests.support.project import ROOT
from ui.history import fold, tree_html

UI = ROOT / "ui" / "history"


def small() -> list[Mark]:
    """Return a question, an edit that fails, and a replay that asks again and finishes."""
    return [
        Mark("a", None, -1, "input"),
        Mark("b", "a", 0, "loop"),
        Mark("c", "b", 1, "loop", interrupted=True),
        Mark("d", "c", 2, "loop", finished=True),
        Mark("e", "b", 1, "update", label="cheaper"),
        Mark("f", "e", 2, "loop", failed=True),
        Mark("g", "c", 2, "fork", label="deny", interrupted=True),
        Mark("h", "g", 3, "loop", finished=True),
    ]


def drawing(marks: Sequence[Mark], selected: str | None = None, **options: Any) -> str:
    tree = build_tree(marks)
    return tree_html(tree, fold(tree, selected=selected, **options), selected=selected)
