"""Which panel a lane has beside its messages."""

from graphs.pattern import Lane, Panel
from lab.threads import Thread
from ui.lanes import LanePanel
from ui.pattern_page.second_client import SecondClient
from ui.pattern_page.stream_columns import StreamColumns


def panel_of(lane: Lane, thread: Thread | None, key: str) -> LanePanel | None:
    """Return the panel that a lane asks for, under the key of the lane on its page; None where it asks for none."""
    match lane.panel:
        case Panel.STREAM_MODES:
            return StreamColumns(key)
        case Panel.SECOND_CLIENT:
            return SecondClient(thread, key)
        case None:
            return None
