"""A second client of a run on its page: the browser follows the thread over a WebSocket, past Streamlit."""

from pathlib import Path
from typing import Any

import streamlit as st

from lab.events import ThreadView
from lab.threads import Thread
from ui.common import base_path

_mount = st.components.v2.component(
    "lab_second_client",
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
    # Its colours are those of the page, and it's as high as the lane.
    isolate_styles=False,
)


class SecondClient:
    """Draws the client, which keeps itself up to date, and up to which event the page itself has read."""

    def __init__(self, thread: Thread | None, key: str) -> None:
        self._thread = thread
        self._key = key
        self._page: Any = None
        self._read = 0

    def draw(self, view: ThreadView | None) -> None:
        """Draw the client of the thread; it connects once there is one."""
        self._page = st.empty()
        if self._thread is None or view is None:
            self._page.caption("The second client connects as soon as there is a thread to follow.")
            return
        path = f"{base_path()}/api/threads/{self._thread.thread_id}/events"
        _mount(key=f"client_{self._key}", data={"path": path})
        view.catch_up()
        self.update(view)

    def update(self, view: ThreadView) -> None:
        """Tell how far the page has read."""
        if view.version != self._read:
            self._read = view.version
            self._page.markdown(f"This page has read up to event No. **{self._read}**.")
