"""Lists of an answer as tables: prefilled, edited by row, and read back with the types of their columns."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.app_pages import markdowns, well

EDITS: dict[str, Any] = {"edited_rows": {}, "added_rows": [], "deleted_rows": []}
PLAN: list[dict[str, Any]] = [{"order": 1, "step": "Look", "run": True}, {"order": 2, "step": "Act", "run": True}]


def page() -> None:
    """Draw the form of a schema with tables; what is read is left in the session."""
    import streamlit as st  # noqa: PLC0415 - the page's source is run alone

    from lab.state import fields_of_schema  # noqa: PLC0415
    from ui.forms import ask, values_in_form  # noqa: PLC0415

    step = {
        "type": "object",
        "required": ["order", "step"],
        "properties": {
            "order": {"type": "number"},
            "step": {"type": "string"},
            "run": {"type": "boolean", "default": True},
            "level": {"enum": [1, 2.5, "three"]},
        },
    }
    plan = [{"order": 1, "step": "Look", "run": True}, {"order": 2, "step": "Act", "run": True}]
    fields = fields_of_schema(
        {
            "required": ["plan"],
            "properties": {
                "plan": {"type": "array", "items": step, "default": plan, "title": "The *plan*"},
                "tags": {"type": "array", "items": {"type": "integer"}},
            },
        }
    )
    if st.session_state.get("elsewhere"):
        st.text("another page")
    else:
        ask(fields, "f", st.session_state["values"], {})
        st.session_state["got"] = values_in_form(fields, "f")


def opened(**values: Any) -> AppTest:
    at = AppTest.from_function(page, default_timeout=60)
    at.session_state["values"] = values
    return drawn(at)


def drawn(at: AppTest) -> AppTest:
    at.run()
    well(at)
    return at


def change(at: AppTest, name: str, **changes: Any) -> None:
    """Do what a visitor would do in a table."""
    at.session_state[f"f_{name}"] = {**EDITS, **changes}
    drawn(at)


def got(at: AppTest) -> dict[str, Any]:
    values: dict[str, Any] = at.session_state["got"]
    return values


def test_a_table_begins_with_the_default_and_gives_it_back_untouched() -> None:
    at = opened()
    assert got(at) == {"plan": PLAN}
    assert r"**The \*plan\***" in markdowns(at)
    assert [*at.text_area] == []


def test_a_table_begins_with_given_rows_in_place_of_the_default() -> None:
    assert got(opened(plan=[{"order": 3, "step": "Rest"}], tags=[7]))["plan"] == [{"order": 3, "step": "Rest"}]


def test_rows_are_edited_added_and_taken_away_and_keep_their_types() -> None:
    at = opened()
    change(
        at,
        "plan",
        edited_rows={1: {"c0": 0.5, "c2": False, "c3": "2.5"}},
        added_rows=[{"c0": 3, "c1": "Tell"}],
        deleted_rows=[0],
    )
    change(at, "tags", added_rows=[{"c0": 4}])
    assert got(at) == {
        "plan": [{"order": 0.5, "step": "Act", "run": False, "level": 2.5}, {"order": 3, "step": "Tell", "run": True}],
        "tags": [4],
    }


def test_a_cell_that_was_emptied_is_there_and_empty_so_that_the_check_asks_for_it() -> None:
    at = opened()
    change(at, "plan", edited_rows={0: {"c0": None, "c1": None, "c2": None}})
    assert got(at)["plan"][0] == {"order": None, "step": ""}


def test_rows_all_taken_away_are_an_empty_list() -> None:
    at = opened()
    change(at, "plan", deleted_rows=[0, 1])
    assert got(at) == {"plan": []}


@pytest.mark.parametrize(
    "value", ["no list", [1], [{"order": 1, "step": {"a": 1}}], [{"order": 1, "step": "a", "more": 1}], [{"level": 9}]]
)
def test_a_value_that_no_table_can_show_is_written_as_json_and_comes_back_as_it_is(value: Any) -> None:
    at = opened(plan=value)
    assert at.text_area(key="f_plan").value
    assert got(at)["plan"] == value


def test_a_cell_of_another_type_stands_in_the_table_as_text_to_be_put_right() -> None:
    at = opened(plan=[{"order": "first", "step": "a"}])
    assert got(at)["plan"] == [{"order": "first", "step": "a"}]
    change(at, "plan", edited_rows={0: {"c0": "1.5"}})
    assert got(at)["plan"] == [{"order": 1.5, "step": "a"}]


def test_what_was_typed_in_a_table_outlives_a_look_at_another_page() -> None:
    at = opened()
    change(at, "plan", edited_rows={0: {"c1": "Look twice"}})
    at.session_state["elsewhere"] = True
    drawn(at)
    at.session_state["elsewhere"] = False
    drawn(at)
    drawn(at)
    assert got(at)["plan"][0]["step"] == "Look twice"
    change(at, "plan", edited_rows={1: {"c1": "Act once"}})
    assert [row["step"] for row in got(at)["plan"]] == ["Look twice", "Act once"]
