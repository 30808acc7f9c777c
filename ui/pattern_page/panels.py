"""Which panel a lane has beside its messages."""

from graphs.pattern import Lane, Panel
from ui.lanes import LanePanel
from ui.pattern_page.stream_columns import StreamColumns


def panel_of(lane: Lane, key: str) -> LanePanel | None:
    """Return the panel that a lane asks for, under the key of the lane on its page; None where it asks for none."""
    match lane.panel:
        case Panel.STREAM_MODES:
            return StreamColumns(key)
        case None:
            return None
