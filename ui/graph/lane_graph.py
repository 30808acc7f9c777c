"""What pages need of a lane's graph, worked out once: its picture and the fields of its forms."""

from functools import lru_cache

from lab.state import Field, fields_of_class, input_fields
from ui.common import the_lab
from ui.graph.diagram import shape_of
from ui.graph.layout import lay_out
from ui.graph.shape import Shape


@lru_cache(maxsize=256)
def graph_shape(slug: str, lane_key: str) -> Shape:
    """Return a lane's graph as it's drawn."""
    return shape_of(the_lab().graphs.drawing(slug, lane_key))


@lru_cache(maxsize=256)
def width(slug: str, lane_key: str) -> float:
    """Return the pixels that a lane's graph is wide."""
    return lay_out(graph_shape(slug, lane_key)).width


def node_names(slug: str, lane_key: str) -> tuple[str, ...]:
    """Return the names of a lane's nodes, start and end left out."""
    return tuple(node.id for node in graph_shape(slug, lane_key).nodes if node.kind == "node")


@lru_cache(maxsize=256)
def lane_input_fields(slug: str, lane_key: str) -> tuple[Field, ...]:
    """Return the fields of a lane's input."""
    return input_fields(the_lab().graphs.input_schema(slug, lane_key))


@lru_cache(maxsize=256)
def unasked(slug: str, lane_key: str) -> tuple[Field, ...]:
    """Return the fields of a lane's input that no form can ask for."""
    asked = {field.name for field in lane_input_fields(slug, lane_key)}
    return tuple(
        field for field in fields_of_class(the_lab().graphs.input_schema(slug, lane_key)) if field.name not in asked
    )


@lru_cache(maxsize=256)
def lane_state_fields(slug: str, lane_key: str) -> tuple[Field, ...]:
    """Return the fields of a lane's state."""
    return input_fields(the_lab().graphs.state_schema(slug, lane_key))
