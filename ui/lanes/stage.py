"""The stage: a pattern's lanes side by side on one screen, with the same parts at the same height."""

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from ui.common import LANE_SECTION
from ui.graph import Shape, picture_size
from ui.lanes.pane import LanePane

NARROWEST = 280
"""Pixels below which lanes go under each other instead of side by side."""

WINDOW = 990, 470
"""Pixels that a projector of 1280 x 720 leaves for the lanes beside the menu, and for the height of a lane's body."""
FEED = 150
"""Pixels of height that messages need below a graph."""
SHARE = 0.6
"""Of a lane's width that a graph beside its messages may have."""

Direction = Literal["row", "column"]
"""Whether a lane's graph stands beside its messages or above them."""


def draw_stage(panes: Sequence[LanePane], card: Callable[[LanePane], None]) -> None:
    """Draw the lanes; `card` draws what a lane asks for."""
    # A panel stands beside the messages, where it's as high as they are.
    paneled = any(pane.panel for pane in panes)
    direction = "row" if paneled else larger_direction([pane.shape for pane in panes])
    figures = "_figures" if any(pane.lane.figures for pane in panes) else ""
    with (
        st.container(key=LANE_SECTION),
        st.grid(len(panes), min_column_width=NARROWEST, border=True, key=f"stage_{direction}{figures}") as grid,
    ):
        for pane in panes:
            with grid.cell(), st.container(key=f"lane_{pane.key}", gap="xsmall"):
                pane.draw(card, in_row=direction == "row")


def larger_direction(shapes: Sequence[Shape]) -> Direction:
    """Return the direction in which the lanes' graphs are drawn larger."""
    width, height = WINDOW[0] / len(shapes), WINDOW[1]
    in_row = min(_scale(shape, SHARE * width, height) for shape in shapes)
    in_column = min(_scale(shape, width, height - FEED) for shape in shapes)
    return "row" if in_row >= in_column else "column"


def _scale(shape: Shape, width: float, height: float) -> float:
    drawn = picture_size(shape)
    return min(1.0, width / drawn[0], height / drawn[1])
