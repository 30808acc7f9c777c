"""What a press on a row's own buttons leads to, which only a browser could press."""

import pytest
import streamlit as st

from ui.threads import take_way
from ui.threads.dialog_frame import close_dialog, open_action
from ui.threads.dialogs import ACTIONS
from ui.threads.table import _follow_press

ROWS = ("first", "second", "third")


@pytest.fixture(autouse=True)
def _state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})


def press(row: int, label: str) -> None:
    st.session_state["button"] = {"row": row, "label": label}
    _follow_press("button", ROWS)


@pytest.mark.parametrize(("label", "where"), [("Open", "open"), (":material/history: History", "history")])
def test_a_row_leads_to_its_thread_s_page_and_history_once(label: str, where: str) -> None:
    press(1, label)
    assert take_way() == (where, "second")
    assert take_way() is None


@pytest.mark.parametrize("action", ["rename", "copy", "export", "prune", "delete"])
def test_a_row_s_menu_opens_a_dialog_about_its_thread(action: str) -> None:
    label = {"prune": "Prune branches"}.get(action, action.capitalize())
    press(2, next(text for text in ACTIONS.values() if text.endswith(f": {label}")))
    assert open_action() == (action, ("third",))
    close_dialog()
    assert open_action() == ("", ())


@pytest.mark.parametrize(("row", "label"), [(3, "Open"), (-1, "Open"), (0, "Anything"), (0, "")])
def test_a_press_that_no_row_offers_does_nothing(row: int, label: str) -> None:
    press(row, label)
    assert (take_way(), open_action()) == (None, ("", ()))
