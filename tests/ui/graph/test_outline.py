"""The small picture of a graph shows its shape, names its nodes and does nothing else."""

import re
from xml.etree import ElementTree

from ui.graph import Edge, Node, Shape, outline_svg
from ui.graph.layout import lay_out

SHAPE = Shape(
    (
        Node("__start__", "start", "start"),
        Node("a", "first one"),
        Node("team:a", "first one", parent=("team",)),
        Node("team:b", 'b "<2>"', parent=("team",)),
        Node("__end__", "end", "end"),
    ),
    (Edge("__start__", "a"), Edge("a", "team:b", conditional=True, label="maybe"), Edge("team:b", "__end__")),
)


def drawn() -> ElementTree.Element:
    return ElementTree.fromstring(outline_svg(SHAPE))


def test_every_node_and_subgraph_has_its_box_where_the_drawing_has_it() -> None:
    boxes = [(one.get("x"), one.get("y")) for one in drawn().iter("rect") if "box" in str(one.get("class"))]
    assert boxes == [(f"{box.x:.0f}", f"{box.y:.0f}") for box in lay_out(SHAPE).boxes]
    assert sum(one.get("class") == "group" for one in drawn().iter("rect")) == 1


def test_every_edge_is_drawn_and_one_that_may_not_be_taken_looks_otherwise() -> None:
    always, maybe = drawn().iter("path")
    assert (str(always.get("d")).count("M"), str(maybe.get("d")).count("M")) == (2, 1)
    assert (always.get("class"), maybe.get("class")) == ("", "conditional")


def test_it_is_one_image_with_each_name_of_a_node_once_and_holds_no_text_link_or_control() -> None:
    assert drawn().get("role") == "img"
    assert drawn().get("aria-label") == 'Graph: first one, b "<2>"'
    assert {one.tag for one in drawn().iter()} == {"svg", "rect", "path"}
    assert not re.search(r"href|url\(|tabindex|on\w+=|<style", outline_svg(SHAPE))
