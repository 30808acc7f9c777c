"""Shapes of graphs that tests lay out and draw."""

from ui.graph import Edge, Node, Shape


def flat(*edges: str) -> Shape:
    pairs = [(edge.split(">")[0], edge.split(">")[1]) for edge in edges]
    names = dict.fromkeys(name for pair in pairs for name in pair)
    return Shape(tuple(Node(name, name) for name in names), tuple(Edge(*pair) for pair in pairs))
