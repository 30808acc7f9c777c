"""The menu: families that fold, and a search that leads to patterns."""

from itertools import groupby

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import CATALOGUE
from tests.support.app_pages import open_page, well

pytestmark = pytest.mark.usefixtures("pages_lab")

HOME = ["", "threads", "explorer", "inbox", "decisions", "traps"]
FAMILIES = {
    str(family): [pattern.slug for pattern in group] for family, group in groupby(CATALOGUE, lambda p: p.family)
}


def menu(at: AppTest) -> list[str]:
    """Return the pages that the menu's links lead to."""
    return [link.proto.page for link in at.sidebar.get("page_link")]


def fold(at: AppTest, key: str, opened: bool) -> None:
    """Open or close a family."""
    at.session_state[key] = opened
    at.run()
    well(at)


def look_for(at: AppTest, query: str) -> None:
    at.sidebar.text_input(key="menu_search").set_value(query).run()
    well(at)


@pytest.mark.parametrize("page", ["", "threads", "explorer", "inbox", "decisions", "traps"])
def test_all_families_are_folded_on_a_page_of_none(page: str) -> None:
    at = open_page(page)
    assert menu(at) == HOME
    assert [found.label for found in at.sidebar.expander][: len(FAMILIES)] == list(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_family_of_the_current_page_is_open_alone(family: str) -> None:
    assert menu(open_page(FAMILIES[family][0])) == [*HOME, *FAMILIES[family]]


def test_every_pattern_is_under_one_of_the_families() -> None:
    at = open_page()
    # The menu's folds hold their state in the browser, which a page under test hasn't; so all are opened at once.
    for family in FAMILIES:
        at.session_state[f"menu_{family}"] = True
    at.run()
    assert menu(at) == [*HOME, *(pattern.slug for pattern in CATALOGUE)]


def test_a_family_that_the_visitor_opened_stays_open_on_other_pages() -> None:
    at = open_page("branching")
    fold(at, "menu_Streaming", True)
    open_page("threads", at)
    assert menu(at) == [*HOME, *FAMILIES["Streaming"]]
    fold(at, "menu_Streaming", False)
    open_page("explorer", at)
    assert menu(at) == HOME


def test_a_family_that_was_open_only_for_its_page_folds_when_the_page_is_left() -> None:
    at = open_page("progress-events")
    open_page("branching", at)
    assert menu(at) == [*HOME, *FAMILIES["Graph shapes"]]


def test_a_search_lists_what_it_finds_in_place_of_the_families() -> None:
    at = open_page("branching")
    look_for(at, "GraphBubbleUp")
    assert menu(at) == [*HOME, "swallowed-interrupt"]
    assert any("1 pattern whose code uses `GraphBubbleUp`" in found.value for found in at.sidebar.caption)
    look_for(at, "")
    assert menu(at) == [*HOME, *FAMILIES["Graph shapes"]]


def test_a_search_without_a_match_says_what_to_do() -> None:
    at = open_page()
    look_for(at, "<b>xyzzy</b> ![x](http://192.0.2.1/x.png)")
    assert menu(at) == HOME
    assert "Search for a shorter word" in at.sidebar.caption[0].value


def test_no_link_of_the_menu_has_a_tooltip() -> None:
    assert not any(link.proto.help for link in open_page("branching").sidebar.get("page_link"))
