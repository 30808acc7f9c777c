"""The small picture of a graph: its drawing without the words, which couldn't be read at that size."""

import html
from collections.abc import Iterator
from functools import lru_cache

from ui.graph.layout import lay_out
from ui.graph.shape import Box, Cluster, Point, Route, Shape


@lru_cache(maxsize=256)
def outline_svg(shape: Shape) -> str:
    """Draw a graph's outline as SVG in the colour of the text around it, with the nodes' names in words."""
    picture = lay_out(shape)
    # Subgraphs that are built alike have nodes of one name.
    names = dict.fromkeys(" ".join(node.label.split()) for node in shape.nodes if node.kind == "node")
    parts = (
        *_parts(picture.clusters, "group"),
        _lines(picture.routes, conditional=False),
        _lines(picture.routes, conditional=True),
        *_parts(picture.boxes, "box"),
    )
    return (
        f'<svg class="lab-outline" viewBox="0 0 {picture.width:.0f} {picture.height:.0f}" role="img" '
        f'aria-label="Graph: {html.escape(", ".join(names))}">{"".join(parts)}</svg>'
    )


def _parts(places: tuple[Box, ...] | tuple[Cluster, ...], name: str) -> Iterator[str]:
    for place in places:
        is_end = isinstance(place, Box) and place.node.kind != "node"
        radius = place.height / 2 if is_end else 8
        yield (
            f'<rect class="{name}{" end-point" if is_end else ""}" x="{place.x:.0f}" y="{place.y:.0f}" '
            f'width="{place.width:.0f}" height="{place.height:.0f}" rx="{radius:.0f}"/>'
        )


def _lines(routes: tuple[Route, ...], *, conditional: bool) -> str:
    """Draw all edges of a kind as one path."""
    drawn = "".join(
        f"M{_at(route.curves[0][0])}" + "".join(f"C{' '.join(map(_at, curve[1:]))}" for curve in route.curves)
        for route in routes
        if route.edge.conditional == conditional
    )
    return f'<path class="{"conditional" if conditional else ""}" d="{drawn}"/>' if drawn else ""


def _at(point: Point) -> str:
    return f"{point[0]:.0f},{point[1]:.0f}"
