"""The pages without a browser: each one opens, runs what it offers and says how it ended."""

import pytest

from graphs.catalogue import CATALOGUE, find
from graphs.pattern import Pattern
from lab.lab import Lab
from lab.visitors import LOCAL
from tests.pages import badges, markdowns, open_page, play, press, start, steps, texts
from tests.play import Played, player
from ui.source import file_of

pytestmark = pytest.mark.usefixtures("pages_lab")

EVERY_PATTERN = pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
EVERY_EXAMPLE = pytest.mark.parametrize(
    ("pattern", "number"),
    [
        pytest.param(pattern, number, id=f"{pattern.slug}-{number}")
        for pattern in CATALOGUE
        for number in range(len(pattern.examples))
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


def test_the_list_of_threads_says_where_to_begin_while_it_is_empty() -> None:
    at = open_page("threads")
    assert at.title[0].value == "Threads"
    assert "No thread yet" in at.info[0].value


@EVERY_PATTERN
def test_a_pattern_opens_with_its_form_and_lanes_before_anything_ran(pattern: Pattern) -> None:
    at = open_page(pattern.slug)
    assert at.title[0].value == pattern.title
    assert at.pills(key=f"{pattern.slug}_example").options == [example.label for example in pattern.examples]
    assert [found.value for found in at.subheader] == [lane.title for lane in pattern.lanes]
    assert badges(at) == ["Not started"] * len(pattern.lanes)
    assert not at.button(key=f"{pattern.slug}_run").disabled
    assert at.button(key=f"{pattern.slug}_stop").disabled


@EVERY_EXAMPLE
def test_an_example_ends_on_its_page_as_it_ends_in_the_lab(pattern: Pattern, number: int, pages_lab: Lab) -> None:
    at = open_page(pattern.slug)
    play(at, pattern, number)
    there = [player(pages_lab)(pattern.slug, lane.key, number) for lane in pattern.lanes]
    assert badges(at) == [expected_badge(played) for played in there]
    assert sorted(steps(at)) == sorted(name for played in there for name in played.visited)
    shown = "\n".join(texts(at))
    assert [answer for played in there for answer in played.answers if answer not in shown] == []
