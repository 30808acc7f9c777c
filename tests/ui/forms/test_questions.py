"""The answer that a question's form holds, wherever it's asked."""

from streamlit.testing.v1 import AppTest

from lab.errors import InvalidInput
from lab.jsonable import Json
from tests.support.app_pages import give, well


def page() -> None:
    """Draw the form of a question with options; its answer, or what is wrong with it, is left in the session."""
    import streamlit as st  # noqa: PLC0415 - the page's source is run alone

    from lab.errors import InvalidInput  # noqa: PLC0415
    from lab.history import Question, answer_fields  # noqa: PLC0415
    from ui.forms import answer_in_form, ask  # noqa: PLC0415

    given = st.session_state["given"]
    question = Question("q", given, given.get("schema"), "ask")
    ask(answer_fields(question)[0], "f", {}, {})
    try:
        st.session_state["got"] = answer_in_form(question, "f")
    except InvalidInput as error:
        st.session_state["got"] = error


OPTIONS: dict[str, Json] = {"question": "Which?", "options": ["by-air", 2]}
OPTIONAL: dict[str, Json] = {"question": "When?", "schema": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}


def answer_of(given: dict[str, Json], value: Json) -> Json | InvalidInput:
    at = AppTest.from_function(page, default_timeout=60)
    at.session_state["given"] = given
    at.run()
    give(at, "f_answer", value)
    at.run()
    well(at)
    got: Json | InvalidInput = at.session_state["got"]
    return got


def test_an_option_is_answered_by_its_value() -> None:
    assert answer_of(OPTIONS, "2") == 2


def test_a_question_with_nothing_chosen_is_asked_for_its_choice() -> None:
    refused = answer_of(OPTIONS, None)
    assert isinstance(refused, InvalidInput)
    assert refused.fields == {"answer": "Choose one of: By air, 2."}


def test_none_is_an_answer_where_the_schema_has_it() -> None:
    assert answer_of(OPTIONAL, " ") is None
    assert answer_of(OPTIONAL, "7") == 7
