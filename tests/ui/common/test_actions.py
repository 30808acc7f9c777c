"""A press is taken once for each time that a drawing offered it, and none from a page that was changed since."""

from streamlit.testing.v1 import AppTest

PAGE = """
import streamlit as st

from ui.common import ActionErrors, action_button
from ui.common.actions import take_press

def act():
    st.session_state["done"] = st.session_state.get("done", 0) + 1
    st.query_params["thread"] = f"made-{st.session_state['done']}"

errors = ActionErrors("page")
action_button("Go", key="go", errors=errors, on_click=act)
if st.session_state.get("burst"):
    for _ in range(st.session_state.pop("burst")):
        take_press("go", errors, act)
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

from ui.common import ActionErrors, action_button
from ui.common.actions import take_press

def act():
    st.session_state["done"] = st.session_state.get("done", 0) + 1
    st.query_params["thread"] = f"made-{st.session_state['done']}"
    raise InterruptedError

errors = ActionErrors("page")
action_button("Go", key="go", errors=errors, on_click=act)
try:
    take_press("go", errors, act)
except InterruptedError:
    st.query_params.clear()
take_press("go", errors, act)
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

from ui.common import ActionErrors, action_button
from ui.common.actions import take_press

def act():
    st.query_params["thread"] = "made"
    # As the script of a second press does that begins at this moment.
    with get_session_state().query_params() as address:
        address.populate_from_query_string("")

errors = ActionErrors("page")
action_button("Go", key="go", errors=errors, on_click=act)
take_press("go", errors, act)
take_press("go", errors, act)
st.text(st.query_params.get("thread", "none"))
"""


def test_a_second_press_whose_script_begins_while_the_first_one_acts_leads_to_what_that_one_began() -> None:
    at = AppTest.from_string(BESIDE).run()
    assert not at.exception
    assert at.text[0].value == "made"


REFUSED = """
import streamlit as st

from lab.errors import InvalidInput, NotPossible
from ui.common import ActionErrors, action_button

def act(how):
    if how == "whole":
        raise NotPossible("It can't be done.")
    if how == "field":
        raise InvalidInput({"amount": "Amount is missing."})

errors = ActionErrors("page", st.session_state.get("subject", "one"))
errors.draw()
for how in ("whole", "field", "done"):
    action_button(how, key=how, errors=errors, on_click=act, args=(how,))
st.text(dict(errors.by_field()))
"""


def test_the_drawing_after_a_press_says_why_its_action_was_refused_until_the_next_one() -> None:
    at = AppTest.from_string(REFUSED).run()
    at.button(key="whole").click().run()
    assert [found.value.replace("\\", "") for found in at.warning] == ["It can't be done."]
    at.run()
    assert len(at.warning) == 1
    at.button(key="done").click().run()
    assert not at.warning
    assert not at.exception


def test_what_is_wrong_with_a_field_is_given_to_the_form_and_not_said_twice() -> None:
    at = AppTest.from_string(REFUSED).run()
    at.button(key="field").click().run()
    assert not at.warning
    assert at.text[0].value == "{'amount': 'Amount is missing.'}"


def test_what_was_refused_for_one_subject_is_not_said_of_another() -> None:
    at = AppTest.from_string(REFUSED).run()
    at.button(key="whole").click().run()
    at.session_state["subject"] = "another"
    at.run()
    assert not at.warning
    assert not at.exception
