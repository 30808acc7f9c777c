"""The gallery: pictures, marks, filters that the address holds, and the one thing to press first."""

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import CATALOGUE, find
from graphs.marks import Mark, marks_of
from graphs.search import search
from lab.errors import NotPossible
from lab.workspace import Workspace
from tests.support.app_pages import badges, markdowns, open_page, press, well

pytestmark = pytest.mark.usefixtures("pages_lab")


def cards(at: AppTest) -> list[str]:
    """Return the pages that the page's links lead to, which in the gallery are its cards."""
    return [link.proto.page for link in at.main.get("page_link")]


def slugs(*marks: Mark) -> list[str]:
    return [pattern.slug for pattern in CATALOGUE if set(marks) <= set(marks_of(pattern))]


def test_each_card_has_a_picture_of_a_graph_and_its_marks_in_words() -> None:
    at = open_page()
    pictures = [found.value for found in at.main.markdown if found.value.startswith("<svg")]
    assert len(pictures) == len(CATALOGUE)
    assert 'aria-label="Graph: clean, ' in pictures[[pattern.slug for pattern in CATALOGUE].index("linear-pipeline")]
    marks = [found.value for found in at.main.markdown if found.value.startswith(":gray-badge")]
    assert len(marks) == len(CATALOGUE)
    for pattern, text in zip(CATALOGUE, marks, strict=True):
        assert [mark for mark in Mark if mark in text] == list(marks_of(pattern))
        assert "lane" in text


def test_a_family_s_patterns_are_shown_alone_and_the_address_holds_it() -> None:
    at = open_page()
    at.selectbox(key="family").set_value("Human in the loop").run()
    well(at)
    wanted = [pattern.slug for pattern in CATALOGUE if pattern.family == "Human in the loop"]
    assert cards(at) == wanted
    assert [found.value for found in at.header] == ["Human in the loop"]
    assert cards(open_page(family="Human in the loop")) == wanted


def test_marks_narrow_down_together_and_come_by_a_link() -> None:
    at = open_page(has="Shows a trap")
    assert cards(at) == slugs(Mark.TRAP)
    at.pills(key="has").set_value(["Shows a trap", "Kills a process"]).run()
    well(at)
    assert cards(at) == slugs(Mark.TRAP, Mark.CRASH)
    assert f"{len(cards(at))} of {len(CATALOGUE)} patterns" in [found.value for found in at.caption]


def test_the_search_finds_what_the_menu_s_search_finds() -> None:
    found = [pattern.slug for pattern in search("Send")]
    assert "hierarchical" in found
    assert cards(open_page(search="Send")) == found


def test_no_match_says_what_to_do() -> None:
    at = open_page(search="Send", family="Streaming")
    assert cards(at) == []
    assert "choose all families" in at.info[0].value


@pytest.mark.parametrize("address", [{"family": "Nowhere"}, {"has": "Nothing"}, {"search": "x" * 5000}])
def test_an_address_with_a_filter_that_does_not_exist_opens(address: dict[str, str]) -> None:
    at = open_page("", None, **address)
    assert at.title[0].value == "LangGraph Pattern Lab"


def test_whoever_comes_first_is_offered_one_thing_which_plays_on_its_page(here: Workspace) -> None:
    at = open_page()
    assert "New here?" in markdowns(at)
    assert [button.key for button in at.main.button] == ["sample_run"]
    press(at, "sample_run")
    assert at.title[0].value == find("time-travel").title
    threads = here.threads.newest()
    assert {thread.lane for thread in threads} == {lane.key for lane in find("time-travel").lanes}
    assert len({thread.session for thread in threads}) == 1
    assert at.query_params["thread"] in [thread.thread_id for thread in threads]
    assert badges(at) == ["Finished"] * 3
    assert "played to its end" in markdowns(at)
    assert at.pills(key="time-travel_example").value == 0


def test_whoever_has_threads_is_still_offered_the_sample_and_in_fewer_words(here: Workspace) -> None:
    at = open_page()
    press(at, "sample_run")
    at = open_page()
    assert "New here?" not in markdowns(at)
    press(at, "sample_run")
    assert len(here.threads.newest()) == 6


def test_a_sample_that_is_refused_says_why_and_leads_nowhere(here: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotPossible("The disk is full. Free some room.")

    monkeypatch.setattr(Workspace, "start", refuse)
    at = open_page()
    press(at, "sample_run")
    assert at.title[0].value == "LangGraph Pattern Lab"
    assert "The disk is full" in at.warning[0].value.replace("\\", "")
    assert not here.threads.newest()


@pytest.mark.parametrize("page", ["threads", "explorer"])
def test_an_empty_page_runs_a_sample_and_shows_it(page: str, here: Workspace) -> None:
    at = open_page(page)
    assert "No thread yet" in at.info[0].value
    press(at, "sample_run")
    assert len(here.threads.newest()) == 3
    assert at.title[0].value == page.capitalize()
    assert not at.info
    assert "time-travel" in cards(at)
