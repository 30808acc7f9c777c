"""A press is taken once for each time that a drawing offered it, and none from a page that was changed since."""

from streamlit.testing.v1 import AppTest

PAGE = """
import streamlit as st

from ui.common import once

def act():
    st.session_state["done"] = st.session_state.get("done", 0) + 1
    st.query_params["thread"] = f"made-{st.session_state['done']}"

press = once("go", act)
st.button("Go", key="go", on_click=press)
if st.session_state.get("burst"):
    for _ in range(st.session_state.pop("burst")):
        press()
st.text(f"done {st.session_state.get('done', 0)}")
"""


def opened() -> AppTest:
    at = AppTest.from_string(PAGE).run()
    assert not at.exception
    return at


def test_two_presses_of_one_drawing_are_one() -> None:
    at = opened()
    at.session_state["burst"] = 4
    at.run()
    assert at.text[0].value == "done 1"


def test_a_press_after_the_page_was_drawn_again_is_another_one() -> None:
    at = opened()
    at.button(key="go").click().run()
    at.button(key="go").click().run()
    assert at.text[0].value == "done 2"
    assert at.query_params["thread"] in ("made-2", ["made-2"])


def test_a_press_made_on_the_page_before_does_nothing_and_leads_to_what_the_first_one_did() -> None:
    at = opened()
    at.button(key="go").click().run()
    # The browser hadn't heard of the new address yet when it was pressed again.
    del at.query_params["thread"]
    at.button(key="go").click().run()
    assert at.text[0].value == "done 1"
    assert at.query_params["thread"] in ("made-1", ["made-1"])


CUT = """
import streamlit as st

from ui.common import once

def act():
    st.session_state["done"] = st.session_state.get("done", 0) + 1
    st.query_params["thread"] = f"made-{st.session_state['done']}"
    raise InterruptedError

press = once("go", act)
try:
    press()
except InterruptedError:
    st.query_params.clear()
press()
st.text(f"done {st.session_state.get('done', 0)}")
"""


def test_a_press_that_cuts_the_one_before_it_short_leads_to_what_that_one_did() -> None:
    at = AppTest.from_string(CUT).run()
    assert not at.exception
    assert at.text[0].value == "done 1"
    assert at.query_params["thread"] in ("made-1", ["made-1"])


BESIDE = """
import streamlit as st
from streamlit.runtime.state import get_session_state

from ui.common import once

def act():
    st.query_params["thread"] = "made"
    # As the script of a second press does that begins at this moment.
    with get_session_state().query_params() as address:
        address.populate_from_query_string("")

press = once("go", act)
press()
press()
st.text(st.query_params.get("thread", "none"))
"""


def test_a_second_press_whose_script_begins_while_the_first_one_acts_leads_to_what_that_one_began() -> None:
    at = AppTest.from_string(BESIDE).run()
    assert not at.exception
    assert at.text[0].value == "made"
