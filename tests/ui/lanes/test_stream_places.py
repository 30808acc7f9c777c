"""Where a lane's messages and steps stand: agents that work beside each other have a column each."""

from streamlit.testing.v1 import AppTest


def script() -> None:
    import streamlit as st  # noqa: PLC0415  # The function is run as a script of its own.

    from ui.lanes.stream_places import StreamPlaces  # noqa: PLC0415

    places = StreamPlaces(st.container(), ("left", "right"))
    for path, text in (
        (("plan",), "first"),
        (("right",), "r1"),
        (("left", "inner"), "l1"),
        (("right",), "r2"),
        ((), "a person"),
    ):
        places.of(path).text(text)


def test_each_agent_has_a_column_and_what_came_before_and_after_them_stands_above_and_below() -> None:
    page = AppTest.from_function(script).run()

    assert not page.exception
    assert [[text.value for text in column.text] for column in page.columns] == [["l1"], ["r1", "r2"]]
    assert [column.markdown[0].value for column in page.columns] == ["**left**", "**right**"]
    assert [text.value for text in page.text] == ["first", "l1", "r1", "r2", "a person"]
