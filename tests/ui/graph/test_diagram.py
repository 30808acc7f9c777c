"""The drawing of a diagram: well-formed and safe with hostile names, states beside their colours, and its page."""

import html
import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.graph_shapes import flat
from ui.graph import NodeState, Phase, Shape, state_markup
from ui.graph.diagram import describe_states, highlight, svg
from ui.graph.shape import Edge, Node

HOSTILE = (
    'a"b',
    "it's",
    "c\\d",
    "</style><script>alert(1)</script>",
    "x\ny\r\nz",
    "tab\there",
    "}body{display:none}",
    "&amp;<b>",
    "über 名前 🚀",
)


def test_svg_is_well_formed_and_gives_hostile_names_back_as_text() -> None:
    nodes = tuple(Node(name, name, parent=('gr<o>"up',)) for name in HOSTILE)
    edges = tuple(Edge(one, other, True, one[:6]) for one, other in pairwise(HOSTILE))
    drawn = svg(Shape(nodes, edges))
    root = ElementTree.fromstring(drawn)
    assert [group.get("data-n") for group in root.iter("g") if group.get("class") == "nd"] == list(HOSTILE)
    assert [group.get("data-from") for group in root.iter("g") if group.get("class") == "ed cond"] == [*HOSTILE[:-1]]
    assert {element.tag for element in root.iter()} == {
        *("svg", "g", "title", "rect", "text", "path", "polygon", "circle", "foreignObject", "span")
    }


def test_a_node_is_a_button_with_its_whole_name_however_much_of_it_is_drawn() -> None:
    name = "donaudampfschifffahrtsgesellschaft"
    root = ElementTree.fromstring(svg(Shape((Node(name, name),), ())))
    (node,) = (group for group in root.iter("g") if group.get("class") == "nd")
    assert (node.get("role"), node.get("tabindex"), node.get("aria-label")) == ("img", None, name)
    assert node.findtext("title") == name
    assert name not in [text.text for text in node.iter("text")]


def test_the_picture_takes_all_colours_from_the_theme() -> None:
    drawn = svg(flat("a>b"))
    assert not re.search(r"fill=|stroke=|style=\"(?!min-width)|#[0-9a-f]{3}", drawn)
    assert not re.search(r"#[0-9a-f]{3}|rgb\(", highlight("k", {p: NodeState(p, 2) for p in Phase}))


def unescaped(css: str) -> str:
    return re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), css)


def test_hostile_names_stay_inside_their_selector() -> None:
    for name in HOSTILE:
        style = highlight("lane", {name: NodeState(Phase.DONE)})
        (selected,) = re.findall(r'\[data-n="([^"]*)"\]', style)
        assert re.fullmatch(r"(?:[a-zA-Z0-9_-]|\\[0-9a-f]+ )*", selected)
        assert unescaped(selected) == name
        assert style.count("<") == 2
        assert style.count("{") == 1
        assert "<script" not in state_markup("lane", {name: NodeState(Phase.DONE)})


def test_a_key_is_the_class_that_streamlit_makes_of_it() -> None:
    assert ".st-key-graph_a-b-c--- .lg" in highlight("a:b c.é/", {"n": NodeState(Phase.DONE)})


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.PENDING])
def test_every_state_shows_a_badge_of_its_own_beside_its_colour(phase: Phase) -> None:
    style = highlight("lane", {"draft": NodeState(phase)})
    shown = [other for other in Phase if f"--{other}:inline" in style]
    assert shown == [phase]
    drawn = svg(flat("draft>end"))
    badges = dict(re.findall(r'<g class="badge (\w+)">(.*?)</g>', drawn))
    assert len(set(badges.values())) == len(Phase) - 1
    assert phase in badges


def test_pending_nodes_look_as_drawn_and_only_repeated_visits_are_counted() -> None:
    assert highlight("lane", {"a": NodeState(Phase.PENDING, 0)}) == "<style></style>"
    style = highlight("lane", {"a": NodeState(Phase.DONE, 1), "b": NodeState(Phase.DONE, 3)})
    assert re.findall(r'data-n="(\w)"\]{--visits:"×3"', style) == ["b"]


def test_the_description_says_names_states_and_visits() -> None:
    states = {
        "__start__": NodeState(Phase.DONE),
        "draft": NodeState(Phase.DONE, 2),
        "team:ap\nprove": NodeState(Phase.WAITING),
    }
    assert describe_states(states) == "start: done, draft: done (2 visits), team:ap prove: waiting"
    assert html.escape(describe_states(states)) in state_markup("lane", states)


PAGE = """
import streamlit as st

from ui.graph import NodeState, Phase, draw_diagram, state_markup
from ui.graph.shape import Edge, Node
from ui.graph import Shape

shape = Shape((Node("draft", "draft"), Node("review", "review")), (Edge("draft", "review"),))
draw_diagram(shape, key="one")
draw_diagram(shape, key="two")
st.empty().markdown(state_markup("one", {"draft": NodeState(Phase.RUNNING)}), unsafe_allow_html=True)
"""


def test_a_page_with_two_graphs_holds_the_text_twin() -> None:
    at: Any = AppTest.from_string(PAGE).run()
    assert not at.exception
    assert "draft: running" in at.markdown[0].value
