"""Widgets that show what the address says: whose change it is that a callback is told of."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st  # noqa: PLC0415 - AppTest runs the function's text alone

    from ui.common.controlled import is_changed, note_drawn  # noqa: PLC0415 - the same

    st.slider("Step", 0, 3, key="step")
    note_drawn("step")
    st.text(f"drawn: {is_changed('step')}, gone: {is_changed('another')}")


def test_a_widget_that_no_drawing_has_any_more_is_changed_by_nobody() -> None:
    at = AppTest.from_function(page).run()

    assert not at.exception
    assert at.text[0].value == "drawn: False, gone: False"
