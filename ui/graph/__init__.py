"""A graph as a picture: laid out, drawn, and coloured while it runs."""

from ui.graph.diagram import GLYPHS, NodeState, Phase, draw_diagram, picture_size, shape_of, state_markup
from ui.graph.lane_graph import graph_shape, lane_input_fields, lane_state_fields, node_names, unasked, width
from ui.graph.node_states import is_handled, states_of_nodes
from ui.graph.outline import outline_svg
from ui.graph.shape import Edge, Node, Shape

__all__ = [
    "GLYPHS",
    "Edge",
    "Node",
    "NodeState",
    "Phase",
    "Shape",
    "draw_diagram",
    "graph_shape",
    "is_handled",
    "lane_input_fields",
    "lane_state_fields",
    "node_names",
    "outline_svg",
    "picture_size",
    "shape_of",
    "state_markup",
    "states_of_nodes",
    "unasked",
    "width",
]
