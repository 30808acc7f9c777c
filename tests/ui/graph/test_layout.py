"""The layout of a graph: its shape as the library tells it, and where things are placed.

A *route* is an edge as drawn, a *cluster* the box around a subgraph.
"""

import operator
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from tests.support.graph_shapes import flat
from ui.graph import Shape
from ui.graph.diagram import shape_of
from ui.graph.layout import lay_out, text_width, wrap
from ui.graph.shape import Box, Cluster, Curve, Edge, Node, Picture, Point


class State(TypedDict):
    seen: Annotated[list[str], operator.add]


def graph(*edges: tuple[str, str]) -> StateGraph[State, None, State, State]:
    builder = StateGraph(State)
    for name in dict.fromkeys(name for edge in edges for name in edge if name not in (START, END)):
        builder.add_node(name, lambda _: {})
    for source, target in edges:
        builder.add_edge(source, target)
    return builder


def boxes(picture: Picture) -> dict[str, Box]:
    return {box.node.id: box for box in picture.boxes}


def apart(one: Box | Cluster, other: Box | Cluster, gap: float = 0.0) -> bool:
    return (
        one.x + one.width + gap <= other.x
        or other.x + other.width + gap <= one.x
        or one.y + one.height + gap <= other.y
        or other.y + other.height + gap <= one.y
    )


def encloses(outer: Box | Cluster, inner: Box | Cluster) -> bool:
    return (
        outer.x < inner.x
        and outer.y < inner.y
        and inner.x + inner.width < outer.x + outer.width
        and inner.y + inner.height < outer.y + outer.height
    )


def along(curve: Curve) -> Iterator[Point]:
    for t in (step / 8 for step in range(9)):
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        yield (
            sum(weight * point[0] for weight, point in zip(weights, curve, strict=True)),
            sum(weight * point[1] for weight, point in zip(weights, curve, strict=True)),
        )


def crosses(box: Box, curve: Curve) -> bool:
    return any(
        box.x + 1 < x < box.x + box.width - 1 and box.y + 1 < y < box.y + box.height - 1 for x, y in along(curve)
    )


def test_an_equal_graph_is_laid_out_once() -> None:
    nodes = (Node("a", "a"), Node("b", "b"))
    assert lay_out(Shape(nodes, (Edge("a", "b"),))) is lay_out(Shape((*nodes,), (Edge("a", "b"),)))


def test_a_chain_stands_in_one_column_in_its_order() -> None:
    placed = boxes(lay_out(flat("a>b", "b>c", "c>d")))
    middles = [placed[name].x + placed[name].width / 2 for name in "abcd"]
    assert max(middles) - min(middles) < 0.5
    assert all(placed[one].y + placed[one].height < placed[other].y for one, other in pairwise("abcd"))


def test_branches_share_a_layer_and_stand_evenly_below_their_source() -> None:
    placed = boxes(lay_out(flat("s>a1", "s>a2", "s>a3", "a1>e", "a2>e", "a3>e")))
    assert len({placed[name].y for name in ("a1", "a2", "a3")}) == 1
    middle = {name: box.x + box.width / 2 for name, box in placed.items()}
    assert middle["s"] == pytest.approx((middle["a1"] + middle["a3"]) / 2, abs=0.5)
    assert middle["e"] == pytest.approx(middle["s"], abs=0.5)


def test_a_loop_leads_back_on_the_right_of_what_it_skips() -> None:
    picture = lay_out(flat("draft>review", "review>improve_a_lot", "improve_a_lot>draft"))
    widest = max(box.x + box.width for box in picture.boxes)
    back = next(route for route in picture.routes if route.edge.target == "draft")
    assert max(x for curve in back.curves for x, _ in along(curve)) > widest
    assert back.curves[-1][3][1] < back.curves[0][0][1]


def test_the_end_has_the_last_layer_even_where_a_shorter_way_leads_there() -> None:
    nodes = (Node("s", "s", "start"), Node("a", "a"), Node("b", "b"), Node("e", "e", "end"))
    placed = boxes(lay_out(Shape(nodes, (Edge("s", "e"), Edge("s", "a"), Edge("a", "b")))))
    assert placed["e"].y > placed["b"].y + placed["b"].height


NAMES = [f"{'long_name_' * (i % 3)}n{i}" for i in range(9)]
PARENTS: list[tuple[str, ...]] = [(), (), ("one",), ("one", "deep"), ("two",)]


@some.composite
def shapes(draw: some.DrawFn) -> Shape:
    """Graphs with branches, loops, self-loops, stray nodes, labels and nested subgraphs."""
    names = NAMES[: draw(some.integers(1, len(NAMES)))]
    nodes = [Node(name, name, parent=draw(some.sampled_from(PARENTS))) for name in names]
    pairs = some.tuples(some.sampled_from(names), some.sampled_from(names))
    found = draw(some.lists(pairs, max_size=14, unique=True))
    labels = draw(some.lists(some.sampled_from(["", "", "yes", "try again"]), min_size=14, max_size=14))
    return Shape(tuple(nodes), tuple(Edge(*pair, label=label) for pair, label in zip(found, labels, strict=False)))


@settings(max_examples=80, deadline=None)
@given(shapes())
def test_every_graph_is_placed_whole_apart_and_inside_the_picture(shape: Shape) -> None:
    picture = lay_out(shape)
    assert sorted(box.node.id for box in picture.boxes) == sorted(node.id for node in shape.nodes)
    assert sorted(map(repr, (route.edge for route in picture.routes))) == sorted(map(repr, shape.edges))
    assert all(apart(one, other, gap=10) for one, other in combinations(picture.boxes, 2))
    points = [point for route in picture.routes for curve in route.curves for point in along(curve)]
    everything: list[Box | Cluster] = [*picture.boxes, *picture.clusters]
    corners = [p for b in everything for p in ((b.x, b.y), (b.x + b.width, b.y + b.height))]
    for x, y in points + corners:
        assert -0.1 <= x <= picture.width + 0.1
        assert -0.1 <= y <= picture.height + 0.1
    assert not [r.edge for r in picture.routes for c in r.curves for box in picture.boxes if crosses(box, c)]


@settings(max_examples=40, deadline=None)
@given(shapes())
def test_clusters_enclose_their_own_nodes_and_no_others(shape: Shape) -> None:
    picture = lay_out(shape)
    for cluster in picture.clusters:
        for box in picture.boxes:
            mine = box.node.parent[: len(cluster.path)] == cluster.path
            assert encloses(cluster, box) if mine else apart(cluster, box)
    for one, other in combinations(picture.clusters, 2):
        nested = other.path[: len(one.path)] == one.path
        assert encloses(one, other) if nested else apart(one, other)


@settings(max_examples=60, deadline=None)
@given(shapes())
def test_every_edge_touches_both_its_ends_or_the_subgraph_around_them(shape: Shape) -> None:
    picture = lay_out(shape)
    places: list[Box | Cluster] = [*picture.boxes, *picture.clusters]
    for route in picture.routes:
        for name, (x, y) in ((route.edge.source, route.curves[0][0]), (route.edge.target, route.curves[-1][3])):
            node = boxes(picture)[name].node
            mine = [
                p for p in places if (p.node is node if isinstance(p, Box) else node.parent[: len(p.path)] == p.path)
            ]
            assert any(p.x - 1 <= x <= p.x + p.width + 1 and p.y - 1 <= y <= p.y + p.height + 1 for p in mine)
        for (*_, end), (start, *_) in pairwise(route.curves):
            assert end == pytest.approx(start, abs=0.2)


def test_labels_break_at_word_ends_before_they_are_cut() -> None:
    assert wrap("publish", 100) == ("publish",)
    assert wrap("escalate_to_senior_underwriter", 150) == ("escalate_to_", "senior_underwriter")
    assert wrap("escalate_to_senior_underwriter", 100) == ("escalate_", "to_senior_", "underwriter")
    (line,) = wrap("donaudampfschifffahrtsgesellschaft", 100)
    assert line.endswith("…")
    assert text_width(line) <= 100


def test_fifteen_nodes_with_long_names_fit_a_narrow_column() -> None:
    names = [f"verify_customer_document_{i}" for i in range(15)]
    edges = [Edge(names[i // 3], names[i]) for i in range(1, 5)] + [Edge(names[i], names[i + 1]) for i in range(4, 14)]
    assert lay_out(Shape(tuple(Node(name, name) for name in names), tuple(edges))).width <= 460


def test_a_drawable_graph_keeps_breakpoints_and_conditional_edges() -> None:
    builder = graph((START, "draft"), ("publish", END))
    builder.add_conditional_edges("draft", lambda _: "publish", {"good": "publish", "bad": END})
    shape = shape_of(builder.compile(interrupt_before=["publish"]).get_graph(xray=True))
    nodes = {node.id: node for node in shape.nodes}
    assert [nodes[name].kind for name in ("__start__", "draft", "__end__")] == ["start", "node", "end"]
    assert nodes["publish"].note == "pauses before"
    assert Edge("draft", "publish", True, "good") in shape.edges
    assert Edge("__start__", "draft") in shape.edges


def test_subgraphs_become_parents_and_their_starts_and_ends_vanish() -> None:
    inner = graph((START, "worker"), ("worker", "check"), ("check", END))
    inner.add_conditional_edges("check", lambda _: "worker", {"again": "worker", "ok": END})
    middle = StateGraph(State).add_node("plan", lambda _: {}).add_node("team", inner.compile())
    middle.add_edge(START, "plan").add_edge("plan", "team").add_edge("team", END)
    outer = StateGraph(State).add_node("design", middle.compile()).add_node("ship", lambda _: {})
    outer.add_edge(START, "design").add_edge("design", "ship").add_edge("ship", END)
    shape = shape_of(outer.compile().get_graph(xray=True))
    assert {node.id: node.parent for node in shape.nodes} == {
        "__start__": (),
        "ship": (),
        "__end__": (),
        "design:plan": ("design",),
        "design:team:worker": ("design", "team"),
        "design:team:check": ("design", "team"),
    }
    ends = {(edge.source, edge.target) for edge in shape.edges}
    assert {("design:plan", "design:team:worker"), ("design:team:check", "ship")} <= ends


def test_a_start_inside_is_kept_where_many_ways_lead_in_and_on() -> None:
    inner = graph(("x", END), ("y", END))
    inner.add_conditional_edges(START, lambda _: "x", ["x", "y"])
    outer = graph((START, "a"), (START, "b")).add_node("team", inner.compile())
    outer.add_edge("a", "team").add_edge("b", "team").add_edge("team", END)
    shape = shape_of(outer.compile().get_graph(xray=True))
    assert {"team:__start__"} == {node.id for node in shape.nodes if node.parent and node.kind != "node"}
    placed = boxes(lay_out(shape))
    assert placed["a"].y < placed["team:__start__"].y < placed["team:x"].y < placed["__end__"].y


def test_an_error_handler_hangs_on_the_node_that_it_guards() -> None:
    builder = StateGraph(State).add_node("risky", lambda _: {}, error_handler=lambda state, error: {})
    shape = shape_of(builder.add_edge(START, "risky").add_edge("risky", END).compile().get_graph(xray=True))
    assert Edge("risky", "__error_handler__risky", True, "on error") in shape.edges
    assert "error handler" in {node.label for node in shape.nodes}
