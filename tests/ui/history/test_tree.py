"""The picture of the tree: what it shows of each checkpoint, and how big it gets."""

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from lab.history import Mark, build_tree
from tests.support.slow_trees import SHAPES as THREADS
from tests.support.slow_trees import chain, forked, ident
from tests.support.tree_drawings import UI, drawing, small
from ui.history.folding import MOST_ROWS, Fold, fold
from ui.history.tree import SHAPES, WORDS, describe_tree, tree_html

HOSTILE = (
    'a"b',
    "it's",
    "</b></div><script>alert(1)</script>",
    "x\ny\r\nz",
    "}body{display:none}",
    "&amp;<b>",
    "price\u202egpj.exe",
    "nul\0 bell\a \ud800",
    "über 名前 🚀",
    "w" * 100_000,
)


def parsed(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<div>{drawn}</div>")


def drawn_items(drawn: str) -> list[ElementTree.Element]:
    return [group for group in parsed(drawn).iter("g") if group.get("data-lane")]


def items(drawn: str) -> dict[str, ElementTree.Element]:
    """By id; of a fold that the selection parts, only the last part."""
    return {item.get("data-id", ""): item for item in drawn_items(drawn)}


def place(item: ElementTree.Element) -> tuple[int, int]:
    found = re.fullmatch(r"translate\((-?\d+) (\d+)\)", item.get("transform", ""))
    assert found
    return int(found[1]), int(found[2])


def kinds(item: ElementTree.Element) -> list[str]:
    return [name for group in item.iter("g") for name in (group.get("class") or "").split() if name in SHAPES]


def test_a_branch_is_a_row_and_its_steps_go_to_the_right_from_where_it_leaves() -> None:
    at = {name: place(item) for name, item in items(drawing(small())).items()}
    rows = {name: y for name, (_, y) in at.items()}
    assert rows["a"] == rows["b"] == rows["c"] == rows["d"] < rows["e"] == rows["f"] < rows["g"] == rows["h"]
    assert at["a"][0] < at["b"][0] < at["c"][0] < at["d"][0]
    assert at["b"][0] < at["e"][0] < at["f"][0]
    assert at["e"][0] == at["c"][0], "The first step of a branch stands under the one that it's the alternative to."


def test_each_kind_of_checkpoint_has_a_shape_of_its_own_beside_its_colour() -> None:
    assert len(set(SHAPES.values())) == len(SHAPES)
    drawn = items(drawing(small()))
    found = {name: kinds(item) for name, item in drawn.items()}
    assert found == {
        "a": ["input"],
        "b": ["loop"],
        "c": ["asked"],
        "d": ["finished"],
        "e": ["update"],
        "f": ["failed"],
        "g": ["fork", "asked"],
        "h": ["finished"],
    }
    flags = [name for name, item in drawn.items() if any(path.get("class") == "flag" for path in item.iter("path"))]
    assert flags == ["h"]


def test_what_a_mark_shows_is_also_said() -> None:
    said = {name: item.get("aria-label") for name, item in items(drawing(small(), "g")).items()}
    assert said == {
        "a": "Step -1, input, main",
        "b": "Step 0, 1 branch from here, main",
        "c": "Step 1, asked a question, 1 branch from here, main",
        "d": "Step 2, finished, main",
        "e": "Step 1, edited, cheaper",
        "f": "Step 2, failed, cheaper",
        "g": "Step 2, replayed, asked a question, selected, deny",
        "h": "Step 3, finished, head, deny",
    }
    assert all(item.findtext("title") == said[name] for name, item in items(drawing(small(), "g")).items())


def test_the_selected_mark_is_outlined_current_and_the_only_tab_stop() -> None:
    drawn = items(drawing(small(), "e"))
    assert [name for name, item in drawn.items() if item.get("aria-current") == "true"] == ["e"]
    assert [name for name, item in drawn.items() if item.get("tabindex") == "0"] == ["e"]
    assert [name for name, item in drawn.items() if item.find("rect[@class='ring']") is not None] == ["e"]
    assert all(item.get("role") == "button" for item in drawn.values())
    assert [name for name, item in items(drawing(small())).items() if item.get("tabindex") == "0"] == ["h"]


def test_the_way_to_the_selected_checkpoint_is_drawn_over_the_branches_it_takes() -> None:
    def ways(selected: str | None) -> int:
        return sum(path.get("class") == "way" for path in parsed(drawing(small(), selected)).iter("path"))

    assert [ways(None), ways("b"), ways("d"), ways("h")] == [0, 1, 1, 2]


def test_a_checkpoint_that_is_gone_is_not_selected() -> None:
    assert drawing(small(), "unknown") == drawing(small())


def test_a_thread_without_checkpoints_is_an_empty_picture() -> None:
    assert "0 checkpoints in 0 branches." in drawing([])


def test_a_fold_says_how_many_it_holds_and_what_besides_plain_steps() -> None:
    marks = [mark._replace(source="input" if number % 4 == 0 else "loop") for number, mark in enumerate(chain(400))]
    marks[100] = marks[100]._replace(interrupted=True)
    (run,) = (item for name, item in items(drawing(marks)).items() if name.startswith("fold:"))
    assert run.get("aria-label") == "387 steps, 0 to 386, 96 input, 1 asked a question, folded: pick to open"
    assert (run.get("aria-expanded"), kinds(run)) == ("false", ["input", "asked"])
    assert "… 387 steps" in [text.text for text in run.iter("text")]
    opened = items(drawing(marks, opened={run.get("data-id")}))[run.get("data-id", "")]
    assert (opened.get("aria-expanded"), kinds(opened)) == ("true", [])


def test_what_was_pruned_before_a_branch_shows_as_a_dotted_line() -> None:
    assert 'class="ln cut"' not in drawing(small())
    assert drawing(small()[1:]).count('class="ln cut"') == 1


def test_the_legend_explains_what_is_drawn_and_nothing_else() -> None:
    def legend(drawn: str) -> list[str]:
        return ["".join(line.itertext()).removeprefix("…") for line in parsed(drawn).iter("li")]

    assert legend(drawing(chain(3))) == ["input", "step", "head, written last"]
    assert legend(drawing(small(), "a")) == [*WORDS.values(), "head, written last", "selected"]
    assert legend(drawing(chain(99))) == ["input", "step", "head, written last", "folded steps"]


def test_the_text_twin_tells_each_branch_its_beginning_and_its_end() -> None:
    tree = build_tree(small())
    assert describe_tree(tree, fold(tree), "f") == (
        "8 checkpoints in 3 branches. "
        "main: 4 checkpoints, ends at step 2, finished. "
        "cheaper: 2 checkpoints from step 0 of main, ends at step 2, failed. "
        "deny: 2 checkpoints from step 1 of main, ends at step 3, finished, head. "
        "Selected: step 2 of cheaper."
    )
    (twin,) = (p for p in parsed(drawing(small(), "f")).iter("p") if p.get("class") == "ct-said")
    assert twin.text == describe_tree(tree, fold(tree), "f")


def test_branches_that_are_not_drawn_are_counted() -> None:
    tree = build_tree(THREADS["star"](500))
    assert "439 more branches, drawn when a checkpoint there is selected." in tree_html(tree, fold(tree))


@pytest.mark.parametrize("label", HOSTILE, ids=[label[:12] for label in HOSTILE])
def test_a_hostile_label_stays_text_that_can_be_seen_and_ends(label: str) -> None:
    marks = [*chain(3), Mark("x", ident(1), 1, "update", label=label), Mark("y", "x", 2, "loop")]
    plain, drawn = drawing([*marks[:3], marks[3]._replace(label="plain"), marks[4]], "y"), drawing(marks, "y")
    assert [element.tag for element in parsed(drawn).iter()] == [element.tag for element in parsed(plain).iter()]
    assert [list(element.keys()) for element in parsed(drawn).iter()] == [
        list(element.keys()) for element in parsed(plain).iter()
    ]
    assert len(drawn) < len(plain) + 6 * 12 * 200
    assert all(char.isprintable() for char in drawn)
    assert drawn.encode()


@settings(max_examples=100, deadline=None)
@given(some.text(), some.text(min_size=1), some.text())
def test_no_text_of_a_thread_breaks_out_of_the_picture(label: str, name: str, source: str) -> None:
    marks = [Mark(name, None, -1, source, label), Mark(f"{name}2", name, 0, "loop")]
    root = parsed(drawing(marks, name))
    tags = {element.tag for element in root.iter()}
    assert tags <= {"div", "p", "b", "small", "svg", "g", "path", "rect", "circle", "text", "title", "ul", "li"}
    assert len(items(drawing(marks, name))) == 2


def test_the_picture_takes_all_colours_from_the_theme() -> None:
    assert not re.search(r"fill=|stroke=|#[0-9a-f]{3}|rgb\(", drawing(small(), "e"))
    style = re.sub(r"var\(--st-[^()]*\)", "", (UI / "tree.css").read_text())
    assert not re.search(r"#[0-9a-f]{3}|rgb\(", style), "Outside of a fallback there is no colour of our own."


@pytest.mark.parametrize("shape", THREADS)
def test_the_picture_of_five_thousand_checkpoints_is_small(shape: str) -> None:
    tree = build_tree(THREADS[shape](5000))
    every = {item.id for lane in fold(tree).lanes for item in lane.items if isinstance(item, Fold)}
    drawn = tree_html(tree, fold(tree), selected=None)
    assert len(drawn) < 160_000
    assert drawn.count("<") < 4_000
    one = tree_html(tree, fold(tree, opened=sorted(every)[:1]))
    assert len(one) < len(drawn) + 40_000, "A fold opens into at most fifty marks."


@pytest.mark.parametrize(("length", "branches"), [(10, 1), (10, 2), (200, 2), (200, 50), (5000, 1), (5000, 50)])
def test_no_two_marks_of_a_row_touch(length: int, branches: int) -> None:
    marks = forked(length, branches)
    marks = [mark._replace(interrupted=mark.step % 90 == 7, failed=mark.step % 95 == 8) for mark in marks]
    rows: dict[str, list[tuple[float, float]]] = {}
    for item in drawn_items(drawing(marks, ident(length // 2))):
        box = next(rect for rect in item.iter("rect") if rect.get("class") in ("hit", "b"))
        left = place(item)[0] + float(box.get("x", ""))
        rows.setdefault(item.get("data-lane", ""), []).append((left, left + float(box.get("width", ""))))
    assert len(rows) == min(branches, MOST_ROWS)
    assert all(end + 2 <= start for row in rows.values() for (_, end), (start, _) in pairwise(row))


PAGE = """
import streamlit as st

from lab.history import build_tree
from tests.support.slow_trees import chain
from ui.history.tree import draw_checkpoint_tree

st.text(f"picked {draw_checkpoint_tree(build_tree(chain(60)), key='one', selected='000000')}")
"""


@pytest.mark.parametrize(
    ("sent", "picked"),
    [
        ("000007", "Pick(id='000007', fold=False)"),
        ("fold:0:000001", "Pick(id='fold:0:000001', fold=True)"),
        ("fold:0:000002", "None"),
        ("<script>", "None"),
        ({"a": 1}, "None"),
        (7, "None"),
    ],
)
def test_a_page_gets_what_was_picked_if_it_is_there_at_all(sent: object, picked: str) -> None:
    at: Any = AppTest.from_string(PAGE).run()
    assert not at.exception
    assert at.text[0].value == "picked None"
    at.session_state["checkpoints_one"] = {"picked": sent}
    at.run()
    assert not at.exception
    assert at.text[0].value == f"picked {picked}"
