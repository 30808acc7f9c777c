"""The form of an input or an answer: drawn by the widgets of every form, and read back as JSON."""

from typing import Any

from streamlit.testing.v1 import AppTest

from tests.support.app_pages import texts, well


def page() -> None:
    """Draw the form of a schema with a field of each kind; what is read is left in the session."""
    import streamlit as st  # noqa: PLC0415 - the page's source is run alone

    from lab.state import fields_of_schema  # noqa: PLC0415
    from ui.forms import ask, values_in_form  # noqa: PLC0415

    fields = fields_of_schema(
        {
            "required": ["size", "sure", "any"],
            "properties": {
                "size": {"enum": [1, 2.5, "three"], "default": 1},
                "note": {"type": "string", "title": "Note (needed to reject)"},
                "price": {"type": "number", "default": 10},
                "sure": {"type": "boolean"},
                "maybe": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
                "any": {"title": "Anything"},
            },
        }
    )
    ask(fields, "f", {"any": {"a": 1}}, st.session_state["wrong"])
    st.session_state["got"] = values_in_form(fields, "f")
    st.text("the end")


def opened(wrong: dict[str, str] | None = None) -> AppTest:
    at = AppTest.from_function(page, default_timeout=60)
    at.session_state["wrong"] = wrong or {}
    return drawn(at)


def drawn(at: AppTest) -> AppTest:
    at.run()
    well(at)
    return at


def got(at: AppTest) -> dict[str, Any]:
    values: dict[str, Any] = at.session_state["got"]
    return values


def test_a_form_that_nobody_touched_gives_what_it_began_with() -> None:
    assert got(opened()) == {"size": 1, "note": "", "price": 10, "sure": False, "maybe": None, "any": {"a": 1}}


def test_what_is_chosen_or_typed_comes_back_as_its_value() -> None:
    at = opened()
    at.segmented_control(key="f_size").set_value("2.5")
    at.text_input(key="f_price").set_value("2,25")
    at.segmented_control(key="f_maybe").set_value(True)
    at.text_area(key="f_any").set_value("just words")
    drawn(at)
    assert got(at) == {"size": 2.5, "note": "", "price": 2.25, "sure": False, "maybe": True, "any": "just words"}


def test_what_is_emptied_is_none_where_it_must_be_given_and_left_out_elsewhere() -> None:
    at = opened()
    at.text_input(key="f_price").set_value(" ")
    at.text_area(key="f_any").set_value(" ")
    drawn(at)
    assert got(at) == {"size": 1, "note": "", "sure": False, "maybe": None, "any": None}


def test_a_label_is_read_aloud_without_escapes() -> None:
    assert opened().text_input(key="f_note").label == "Note (needed to reject)"


def test_what_is_wrong_in_a_part_stands_at_its_field() -> None:
    told = texts(opened({"size": "of a size", "any.city.x": "in a part", "": "of all", "gone": "of none"}))
    assert told == ["of a size", "in a part", "of all", "of none", "the end"]
