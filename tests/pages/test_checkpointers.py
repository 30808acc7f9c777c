"""The checkpointers' page without a browser: restarts, and what each checkpointer costs."""

from typing import Any

from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from graphs.persistence.checkpointers_demo import PATTERN
from lab.lab import Lab
from tests.support.app_pages import badges, open_page, play, press, start, texts
from tests.support.checkpointer_lanes import RECALL, UNKNOWN


def test_the_page_restarts_all_lanes_and_says_what_is_left(pages_lab: Lab) -> None:
    at = open_page("checkpointers", tab="Costs")
    assert at.button(key="checkpointers_restart").disabled
    start(at, PATTERN, RECALL)
    press(at, "checkpointers_restart")
    left = [found.value for found in at.markdown if "**Restarted.**" in found.value]
    table = _costs(at)[0]

    assert badges(at) == ["Nothing is left", "Finished"]
    assert [said.rpartition("dropped. ")[2] for said in left] == [
        "Of 8 checkpoints, 0 are left.",
        "Of 8 checkpoints, 8 are left.",
    ]
    assert list(table["Lane"]) == ["In memory", "SQLite"]
    assert list(table["After the last restart"]) == ["0 of 8 checkpoints left", "8 of 8 checkpoints left"]
    assert list(table["Supersteps"]) == [6, 6]
    assert list(table["Checkpoints"]) == [0, 8]
    assert table["Bytes"][0] == 0
    assert all(table[title].dtype == float for title in ("ms a superstep", "of it beside the node"))
    at = open_page("checkpointers", tab="Code", lane="sqlite", thread=str(at.query_params["thread"]))
    assert "saver.conn.close()" in at.code[0].value


def test_a_lane_goes_on_from_the_page_after_the_restart(pages_lab: Lab) -> None:
    at = open_page("checkpointers")
    play(at, PATTERN, RECALL)
    answers = [text.partition(" Lines")[0] for text in texts(at) if text.endswith(("rehearsals: 4.", "rehearsals: 8."))]

    assert badges(at) == ["Finished", "Finished"]
    # The explorer below shows the first lane's last answer once more.
    assert answers[:4] == ["Noted: your name is Alice.", UNKNOWN, "Noted: your name is Alice.", "Your name is Alice."]


def test_a_page_offers_no_restart_where_lanes_share_a_checkpointer(pages_lab: Lab) -> None:
    at = open_page("conversation-memory")
    start(at, find("conversation-memory"))

    assert "conversation-memory_restart" not in [button.key for button in at.button]
    assert _costs(at) == []


def _costs(at: AppTest) -> list[Any]:
    return [table.value for table in at.dataframe if "Bytes" in table.value]
