"""The place in the address, also where the clock draws a part of the page between a pick and the page's drawing."""

import pytest
from streamlit.testing.v1 import AppTest

from ui.common import address


def page() -> None:
    """Draw the place of the address, unless it's the run of a part of the page in which the pick arrives."""
    import streamlit as st  # noqa: PLC0415 - the script stands alone

    from ui.common import Place, look_at, read_place  # noqa: PLC0415 - the same

    if not st.button("Pick", on_click=look_at, args=(Place("picked"),)):
        st.text(str(read_place()))


@pytest.fixture
def picked_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Provide a page whose pick came with the clock's drawing of a part of it."""
    at = AppTest.from_function(page)
    at.query_params["checkpoint"] = "shown"
    at.run()
    with monkeypatch.context() as patch:
        patch.setattr(address, "_draws_a_fragment", lambda: True)
        at.button[0].click().run()
    return at


def place(at: AppTest, **asked: str) -> str:
    """Draw the page as it's asked for from that address, and return the place that it shows."""
    at.query_params.clear()
    for name, value in asked.items():
        at.query_params[name] = value
    at.button[0].set_value(False).run()
    return str(at.text[0].value)


def test_a_drawing_from_the_address_of_before_shows_what_was_picked(picked_by_the_clock: AppTest) -> None:
    assert place(picked_by_the_clock, checkpoint="shown") == "picked"


def test_the_way_back_after_that_leads_back(picked_by_the_clock: AppTest) -> None:
    place(picked_by_the_clock, checkpoint="shown")

    assert place(picked_by_the_clock, checkpoint="shown") == "shown"


def test_another_address_is_followed(picked_by_the_clock: AppTest) -> None:
    assert place(picked_by_the_clock, checkpoint="another") == "another"
    assert place(picked_by_the_clock, checkpoint="shown") == "shown"


def test_a_page_that_knows_the_pick_goes_back_at_once(picked_by_the_clock: AppTest) -> None:
    assert place(picked_by_the_clock, checkpoint="picked") == "picked"
    assert place(picked_by_the_clock, checkpoint="shown") == "shown"
