"""The form of a state on a page: drawn by type, filled with what is there, and read back as what was changed."""

import re
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from streamlit.testing.v1 import AppTest

from lab.state import JsonText, preview, rebuild
from tests.support.app_pages import markdowns, texts, well
from tests.support.editable_state import KINDS, VALUES, Colour, State

ROWS: dict[str, Any] = {"edited_rows": {}, "added_rows": [], "deleted_rows": []}


def page() -> None:
    """Draw the form over a state with all kinds; what is read is left in the session."""
    import streamlit as st  # noqa: PLC0415 - the page's source is run alone

    from lab.state import state_fields  # noqa: PLC0415
    from tests.support.editable_state import VALUES, State  # noqa: PLC0415
    from ui.forms import StateForm  # noqa: PLC0415

    def press() -> None:
        st.session_state["held"] = form.edit()

    values = {**VALUES, **st.session_state.get("other", {})}
    form = StateForm(state_fields(State), values, "ed_c1", st.session_state.get("filled"))
    form.draw(st.session_state.get("wrong", {}))
    st.session_state["got"] = form.edit()
    st.button("Save", key="save", on_click=press)
    st.text("the end")


def opened(wrong: dict[str, str] | None = None, filled: dict[str, Any] | None = None, **other: Any) -> AppTest:
    at = AppTest.from_function(page, default_timeout=60)
    at.session_state["filled"] = filled
    at.session_state["wrong"] = wrong or {}
    at.session_state["other"] = other
    return drawn(at)


def drawn(at: AppTest) -> AppTest:
    at.run()
    well(at)
    assert "the end" in texts(at)
    return at


def got(at: AppTest) -> dict[str, Any]:
    found: dict[str, Any] = at.session_state["got"].values
    return found


def after(at: AppTest) -> dict[str, Any]:
    """Return the state's fields as what was changed would leave them, those that it would change only."""
    edited = at.session_state["got"]
    found = preview(State, VALUES, rebuild(State, edited.values, edited.how))
    return {name: value for name, value in found.items() if value != VALUES.get(name)}


def change(at: AppTest, name: str, **changes: Any) -> None:
    """Do what a visitor would do in a table."""
    at.session_state[f"ed_c1_{name}"] = {**ROWS, **changes}
    drawn(at)


def test_a_form_that_nobody_touched_changes_nothing() -> None:
    at = opened()
    assert got(at) == {}
    at.button(key="save").click()
    drawn(at)
    assert at.session_state["held"].values == {}


@pytest.mark.parametrize(
    ("widget", "name", "given", "value"),
    [
        ("text_input", "name", "B\u202e", "B\u202e"),
        ("text_area", "letter", "new\nlines\x07", "new\nlines\x07"),
        ("text_input", "count", "9", 9),
        ("text_input", "big", str(2**60), 2**60),
        ("text_input", "share", "2,25", 2.25),
        ("text_input", "exact", "2.718281828459045", 2.718281828459045),
        ("toggle", "flag", False, False),
        ("segmented_control", "maybe", True, True),
        ("segmented_control", "status", "closed", "closed"),
        ("selectbox", "level", "f", "f"),
        ("text_input", "missing", "there", "there"),
    ],
)
def test_a_changed_widget_changes_its_field_alone(widget: str, name: str, given: Any, value: Any) -> None:
    at = opened()
    getattr(at, widget)(key=f"ed_c1_{name}_set").set_value(given)
    drawn(at)
    assert after(at) == {name: value}


def test_text_that_cannot_be_seen_is_named_beside_the_field() -> None:
    assert r"⟨U\+202E⟩" in markdowns(opened())


def test_a_choice_is_shown_by_its_label() -> None:
    at = opened()
    assert at.segmented_control(key="ed_c1_status_set").options == ["Open", "Closed"]
    assert at.selectbox(key="ed_c1_level_set").options == ["A", "B", "C", "D", "E", "F"]
    assert at.segmented_control(key="ed_c1_colour_set").options == ["Red", "Blue"]


def test_titles_are_text() -> None:
    at = opened()
    assert at.text_input(key="ed_c1_name_set").value == "A *b* <b>"
    assert at.text_input(key="ed_c1_name_set").label == "The name"


def test_none_has_a_mark_of_its_own_where_an_empty_text_is_a_value() -> None:
    at = opened()
    at.checkbox(key="ed_c1_note_set_none").uncheck()
    drawn(at)
    assert got(at) == {"note": ""}
    at.text_input(key="ed_c1_note_set").set_value("x")
    drawn(at)
    assert got(at) == {"note": "x"}


def test_rows_are_edited_added_and_taken_away() -> None:
    at = opened()
    change(at, "items_set", edited_rows={1: {"c0": "Paper", "c3": '["z"]', "c4": None}}, deleted_rows=[0])
    assert got(at)["items"] == [{"name": "Paper", "price": 10, "paid": False, "tags": JsonText('["z"]')}]
    change(at, "items_set", added_rows=[{"c0": "New", "c1": 1.5, "c3": "[]"}, {}])
    assert got(at)["items"][2:] == [{"name": "New", "price": 1.5, "paid": False, "tags": JsonText("[]")}]
    assert after(at)["items"][2]["tags"] == []


def test_a_list_is_edited_as_a_column() -> None:
    at = opened()
    change(at, "log_replace", edited_rows={0: {"c0": "changed"}}, added_rows=[{"c0": "new"}])
    assert after(at) == {"log": ["changed", "second\nline", "new"]}


def test_a_field_with_a_reducer_asks_whether_to_append_or_replace() -> None:
    at = opened()
    at.segmented_control(key="ed_c1_log_how").set_value("append")
    drawn(at)
    assert got(at) == {}
    change(at, "log_append", added_rows=[{"c0": "new"}])
    assert at.session_state["got"].how == {"log": "append"}
    assert after(at) == {"log": [*VALUES["log"], "new"]}


def test_a_number_with_a_reducer_is_added_or_replaced() -> None:
    at = opened()
    at.text_input(key="ed_c1_total_replace").set_value("7")
    drawn(at)
    assert after(at) == {"total": 7}
    at.segmented_control(key="ed_c1_total_how").set_value("append")
    drawn(at)
    assert got(at) == {}
    at.text_input(key="ed_c1_total_append").set_value("7")
    drawn(at)
    assert after(at) == {"total": 12}


def test_messages_are_merged_by_id_and_only_what_changed_is_sent() -> None:
    at = opened()
    change(at, "messages_append", edited_rows={1: {"c1": "I look"}}, added_rows=[{"c1": "Thanks"}], deleted_rows=[2])
    assert [(row["role"], row["text"], row["id"]) for row in got(at)["messages"]] == [
        ("ai", "I look", "2"),
        ("human", "Thanks", None),
        ("remove", "", "3"),
    ]
    found = after(at)["messages"]
    assert [message.text for message in found] == ["What is the weather?", "I look", "Thanks"]
    assert found[1].tool_calls == VALUES["messages"][1].tool_calls


def test_a_group_and_a_key_value_table_are_edited_in_place() -> None:
    at = opened()
    at.text_input(key="ed_c1_home_set_city").set_value("Oslo")
    change(at, "prices_set", edited_rows={0: {"c1": 2.5}}, added_rows=[{"c0": "ink", "c1": 3}])
    found = after(at)
    assert (found["home"].city, found["home"].since) == ("Oslo", VALUES["home"].since)
    assert found["prices"] == {"pen": 2.5, "ink": 3.0}


def test_a_group_that_is_none_is_made() -> None:
    at = opened()
    at.checkbox(key="ed_c1_work_set_none").uncheck()
    drawn(at)
    at.text_input(key="ed_c1_work_set_city").set_value("Bern")
    drawn(at)
    assert after(at)["work"].city == "Bern"


def test_json_is_the_last_resort_and_a_way_into_every_table() -> None:
    at = opened()
    at.text_area(key="ed_c1_anything_set").set_value('{"y": 2}')
    at.toggle(key="ed_c1_loose_json").set_value(True)
    drawn(at)
    assert set(got(at)) == {"anything"}
    at.text_area(key="ed_c1_loose_set_json").set_value('[{"new": [1]}]')
    drawn(at)
    assert after(at) == {"anything": {"y": 2}, "loose": [{"new": [1]}]}


def test_messages_of_faults_stand_at_their_fields() -> None:
    at = opened({"count": "too many", "home.city": "too short", "items": "row 2, price: dear", "gone": "no such field"})
    told = texts(at)
    for message in ("too many", "too short", "row 2, price: dear", "no such field"):
        assert message in told
    assert told.index("too many") < told.index("row 2, price: dear") < told.index("too short")


def test_a_large_value_is_left_alone_until_it_is_opened() -> None:
    at = opened(letter="word " * 10_000)
    assert "50,000 characters" in markdowns(at)
    with pytest.raises(KeyError):
        at.text_area(key="ed_c1_letter_set")
    at.toggle(key="ed_c1_letter_open").set_value(True)
    drawn(at)
    assert got(at) == {}
    at.text_area(key="ed_c1_letter_set").set_value("short")
    drawn(at)
    assert got(at) == {"letter": "short"}


def test_a_value_that_no_form_can_show_stays_unless_it_is_replaced() -> None:
    at = opened(anything={1, 2}, count="junk", name="x" * 60)
    assert any("{1, 2}" in text for text in texts(at))
    assert got(at) == {}
    at.toggle(key="ed_c1_count_set_replace").set_value(True)
    drawn(at)
    at.text_input(key="ed_c1_count_set_new").set_value("2")
    drawn(at)
    assert got(at) == {"count": 2}


def test_a_value_that_is_filled_in_is_an_edit_as_it_stands() -> None:
    at = opened(filled={"count": 9, "colour": "BLUE", "home": {"city": "Oslo"}, "unknown": 1})
    assert at.text_input(key="ed_c1_count_set").value == "9"
    found = after(at)
    assert (set(found), found["count"], found["colour"]) == ({"count", "colour", "home"}, 9, Colour.BLUE)
    assert (found["home"].city, found["home"].since) == ("Oslo", None)
    at.text_input(key="ed_c1_count_set").set_value("3")
    drawn(at)
    assert set(after(at)) == {"colour", "home"}


def test_what_is_held_is_read_before_the_page_is_drawn_again() -> None:
    at = opened()
    at.text_input(key="ed_c1_name_set").set_value("at once")
    at.button(key="save").click()
    drawn(at)
    assert at.session_state["held"].values == {"name": "at once"}


def test_every_kind_is_tried_here() -> None:
    assert set(VALUES) == set(KINDS) - {"missing"}


def test_thousands_of_messages_are_weighed_without_being_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def written(message: HumanMessage) -> str:
        raise AssertionError(f"{message.id} was written out, which takes a fifth of a millisecond each time")

    monkeypatch.setattr(HumanMessage, "__repr__", written)
    at = opened(messages=[HumanMessage("some words", id=str(number)) for number in range(5000)])
    assert re.search(r"\d\d,\d{3} characters, left as they are", markdowns(at))
    assert got(at) == {}
    at.toggle(key="ed_c1_messages_open").set_value(True)
    drawn(at)
    change(at, "messages_append", edited_rows={4999: {"c1": "other"}})
    assert [(row["id"], row["text"]) for row in got(at)["messages"]] == [("4999", "other")]
