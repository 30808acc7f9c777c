"""Keys that walk the rows of the table of checkpoints, over the edge of its page too."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from ui.common import Place, look_at

DETAIL_HEAD = "about_place"
"""The key of the container that says which checkpoint is on show; what it says is read aloud when it changes."""

_mount = st.components.v2.component("lab_table_keys", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))


def listen_for_keys(
    within: str, places: Sequence[Place], at: int | None, neighbours: dict[str, Callable[[], Place | None]]
) -> None:
    """Let keys that are pressed in the table of a container select another of its rows.

    `places` are the rows from top to bottom and `at` is the one on show; `neighbours` tells by "before" and
    "after" how to look up the row beyond an edge, where there is one.
    """
    known = {str(place): place for place in places}

    def walk() -> None:
        # What comes from the browser may be anything, or belong to rows or a table that are gone since.
        asked = st.session_state.get("table_keys", {}).get("walk")
        place = neighbours[asked]() if asked in neighbours else known.get(asked) if isinstance(asked, str) else None
        if place is not None:
            look_at(place)

    data = {"within": within, "rows": list(known), "at": at, "beyond": list(neighbours), "head": DETAIL_HEAD}
    with st.container(key="keys"):
        _mount(key="table_keys", data=data, on_walk_change=walk)
