"""The pages without a browser: each one opens, runs what it offers and says how it ended."""

import pytest

from graphs.catalogue import CATALOGUE, find
from graphs.pattern import Pattern
from lab.lab import Lab
from tests.support.app_pages import answer, badges, markdowns, open_page, play, press, start, steps, texts
from tests.support.example_player import Played, player
from ui.common import node_name
from ui.pattern_page import tab_names

pytestmark = pytest.mark.usefixtures("pages_lab")

HOSTILE = "<b>bold</b> ![x](http://192.0.2.1/x.png) [y](javascript:alert(1)) `code` :red[red] $a$"
EVERY_PATTERN = pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
EVERY_EXAMPLE = pytest.mark.parametrize(
    ("pattern", "number"),
    [
        pytest.param(pattern, number, id=f"{pattern.slug}-{number}")
        for pattern in CATALOGUE
        for number, example in enumerate(pattern.examples)
        # Killed processes take seconds each; one of them has a test of its own.
        if example.input.get(pattern.crash_field, "never") == "never"
    ],
)


def expected_badge(played: Played) -> str:
    names = {"finished": "Finished", "waiting": "Waiting for an answer"}
    return names.get(played.status, "Failed" if played.error else "Paused")


def test_the_gallery_has_a_card_for_each_pattern() -> None:
    at = open_page()
    assert at.title[0].value == "LangGraph Pattern Lab"
    links = [link.proto.page for link in at.main.get("page_link")]
    assert links == [pattern.slug for pattern in CATALOGUE]
    assert all(pattern.summary in markdowns(at) for pattern in CATALOGUE)


@EVERY_PATTERN
def test_a_pattern_opens_with_its_form_and_lanes_before_anything_ran(pattern: Pattern, pages_lab: Lab) -> None:
    pattern = pages_lab.graphs.offered(pattern.slug)
    at = open_page(pattern.slug)
    assert at.title[0].value == pattern.title
    assert at.pills(key=f"{pattern.slug}_example").options == [example.label for example in pattern.examples]
    assert [found.value for found in at.header][: len(pattern.lanes)] == [lane.title for lane in pattern.lanes]
    assert badges(at) == ["Not started"] * len(pattern.lanes)
    assert not at.button(key=f"{pattern.slug}_run").disabled
    assert at.button(key=f"{pattern.slug}_stop").disabled


@EVERY_PATTERN
def test_each_tab_opens_before_and_after_a_run(pattern: Pattern) -> None:
    at = open_page(pattern.slug)
    start(at, pattern)
    thread = str(at.query_params["thread"])
    for tab in tab_names(pattern):
        assert open_page(pattern.slug, tab=tab).session_state["tab"] == tab
        assert open_page(pattern.slug, tab=tab, thread=thread).session_state["tab"] == tab


@EVERY_EXAMPLE
def test_an_example_ends_on_its_page_as_it_ends_in_the_lab(pattern: Pattern, number: int, pages_lab: Lab) -> None:
    at = open_page(pattern.slug)
    play(at, pattern, number)
    there = [player(pages_lab)(pattern.slug, lane.key, number) for lane in pages_lab.graphs.offered(pattern.slug).lanes]
    assert badges(at) == [expected_badge(played) for played in there]
    assert {name.split(" › ")[-1] for name in steps(at)} == {
        node_name(name) for played in there for name in played.visited
    }
    shown = "\n".join(texts(at))
    assert [answer for played in there for answer in played.answers if answer not in shown] == []


@pytest.mark.usefixtures("forked_workers")
def test_a_killed_process_is_named_on_its_lane_which_goes_on() -> None:
    pattern = find("durable-task")
    killed = next(n for n, example in enumerate(pattern.examples) if example.input["crash"] == "after-charge")
    at = open_page(pattern.slug)
    start(at, pattern, killed)
    answer(at, pattern, "task", {"confirm": "yes"})
    assert badges(at)[-1] == "Its process was killed"
    press(at, "durable-task_task_again")
    assert badges(at)[-1] == "Finished"


def test_text_of_visitors_and_nodes_is_never_markdown() -> None:
    at = open_page("linear-pipeline")
    start(at, find("linear-pipeline"), values={"text": HOSTILE})
    assert HOSTILE in texts(at)
    assert HOSTILE not in markdowns(at)
    assert "![x]" not in markdowns(open_page("threads"))


def test_what_is_refused_because_of_an_address_is_not_markdown() -> None:
    assert "![x]" not in markdowns(open_page("linear-pipeline", thread=HOSTILE))


def test_an_error_of_a_node_is_not_markdown() -> None:
    at = open_page("approval-gate")
    start(at, find("approval-gate"), values={"recipient": HOSTILE})
    assert badges(at) == ["Failed", "Failed"]
    assert "![x]" not in markdowns(at)


def test_a_control_character_is_named_instead_of_drawn() -> None:
    at = open_page("linear-pipeline")
    start(at, find("linear-pipeline"), values={"text": "one\u202etwo\x07three"})
    assert "one⟨U+202E⟩two␇three" in texts(at)
