"""Differences as a page draws them: every text stays text, and every kind is told by a sign and a word."""

import json
import math
import re
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from lab.jsonable import Json
from lab.state import diff_states, replace_unseen
from tests.lab.state.test_diff import REDUCERS, STATE, said
from tests.ui.common.test_theme import contrast, rgb
from ui.common import LIMIT
from ui.history import diff_view as view

OURS = {"div", "p", "strong", "span", "del", "ins", "details", "summary"}
HOSTILE = (
    "</div><script>alert(1)</script><img src=x onerror=alert(1)><style>*{}</style> "
    "\x00\x1b[2J\u202egnp.exe *md* $x$ &lt;"
)


class Reader(HTMLParser):
    """Reads the tags, attributes and texts of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def page(before, after, reducers):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw a difference; AppTest runs the source of this alone, where no name of this module is known."""
    from lab.state import diff_states  # noqa: PLC0415
    from ui.history import draw_changes  # noqa: PLC0415

    draw_changes(diff_states(before, after, reducers))


def drawn(before: Mapping[str, Json], after: Mapping[str, Json], **reducers: str) -> Reader:
    at = AppTest.from_function(page, args=(before, after, reducers), default_timeout=30).run()
    assert not at.exception, at.exception
    body: str = at.get("html")[0].proto.body
    return Reader(body.removeprefix(view.STYLE))


def lines(before: Mapping[str, Json], after: Mapping[str, Json], **reducers: Any) -> list[str]:
    return [view.change_line(change) for change in diff_states(before, after, reducers)]


def test_no_difference_is_said() -> None:
    at = AppTest.from_function(page, args=({"x": 1}, {"x": 1}, {})).run()
    assert not at.exception
    assert "Nothing differs" in at.info[0].value
    assert not at.get("html")


def test_each_kind_has_its_sign_and_word() -> None:
    before = {"gone": 1, "value": 20, "log": ["a"], "messages": [said("hello there", "1"), said("bye", "2")]}
    after = {"value": 100, "log": ["a", "b"], "messages": [said("hello you", "1"), said("new", "3")], "new": None}
    text = drawn(before, after, log="add", messages="messages").text
    for told in (
        "gone − removed 1",
        "value ~ changed 20 → 100 int",
        "log + 1 appended",
        "+ appended [1]: b",
        "new + added",
    ):
        assert told in text
    assert "messages ~ changed 1 appended, 1 removed, 1 replaced" in text
    assert "[0] ai 1 › text: hello thereyou" in text


def test_words_that_went_and_came_are_marked() -> None:
    at = AppTest.from_function(page, args=({"x": "the quick fox"}, {"x": "the slow fox"}, {})).run()
    assert "the <del>quick</del><ins>slow</ins> fox" in at.get("html")[0].proto.body
    for rule in ("line-through", "underline", "font-weight: 650"):
        assert rule in view.STYLE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"x": HOSTILE}),
        ({"x": HOSTILE}, {}),
        ({"x": "a"}, {"x": HOSTILE}),
        ({"x": 1}, {"x": HOSTILE}),
        ({"x": 1}, {"x": HOSTILE * 30}),
        ({"x": [HOSTILE]}, {"x": [HOSTILE, {HOSTILE: [HOSTILE]}]}),
        ({"x": {HOSTILE: HOSTILE}}, {"x": {HOSTILE: "b"}}),
        ({"x": []}, {"x": [said(HOSTILE, HOSTILE, HOSTILE)]}),
        ({"x": [said("a", HOSTILE, HOSTILE)]}, {"x": [said(HOSTILE, HOSTILE, HOSTILE)]}),
        ({"x": []}, {"x": [{**said(HOSTILE, "1"), "tool_calls": [{"name": HOSTILE}]}]}),
        ({HOSTILE: 1}, {HOSTILE: 2}),
    ],
)
def test_hostile_text_stays_text(before: dict[str, Json], after: dict[str, Json]) -> None:
    found = drawn(before, after, x="messages")
    assert found.open == []
    assert found.tags <= OURS
    assert found.attributes <= {"class", "role", "aria-label"}
    assert "<script>alert(1)</script>" in found.text.replace('\\"', '"')
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", found.text)


@settings(deadline=None)
@given(STATE, STATE, REDUCERS)
def test_any_difference_is_drawn_and_told(
    before: dict[str, Json], after: dict[str, Json], reducers: dict[str, Any]
) -> None:
    for change in diff_states(before, after, reducers):
        assert view.change_line(change).startswith(f"{change.at}: ")
        assert "\n" not in view.change_line(change)
        found = Reader(view._block(change))
        assert (found.open, found.tags - OURS) == ([], set())


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_drawn(before: str, after: str) -> None:
    for change in diff_states({"x": before}, {"x": after}):
        assert Reader(view._block(change)).tags <= OURS
        assert "\n" not in view.change_line(change)
        assert replace_unseen(view.change_line(change), lambda _: "") == view.change_line(change)


def test_a_change_is_told_in_a_line() -> None:
    assert lines({"value": 20}, {"value": 100}) == ["value: 20 → 100"]
    assert lines({"value": 1}, {"value": True}) == ["value: 1 → true"]
    assert lines({"value": 1}, {"value": "1"}) == ['value: 1 → "1"']
    assert lines({"value": math.nan}, {"value": None}) == ["value: NaN → null"]
    assert lines({"a": 1}, {"b": [1, 2]}) == ["a: removed, 1", "b: added, 2 items"]
    assert lines({"x": "draft"}, {"x": "final"}) == ['x: "draft" → "final"']
    assert lines({"x": "word " * 20}, {"x": "word " * 20 + "and more"}) == ["x: 2 words added"]
    assert lines({"x": "word " * 20}, {"x": "word " * 20 + "\n"}) == ["x: only blanks changed"]
    assert lines({"x": {"y": {"z": 1, "k": 2}}}, {"x": {"y": {"z": 2, "k": 2}}}) == ["x: y: z: 1 → 2"]
    assert lines({"x": {"y": 1, "z": 2}}, {"x": {"y": 2}}) == ["x: 1 removed, 1 changed"]
    assert lines({"log": ["a"]}, {"log": ["a", "b", "c"]}, log="add") == ["log: 2 appended"]
    messages = {"messages": [said("a", "1")]}, {"messages": [said("b", "1"), said("c", "2")]}
    assert lines(*messages, messages="messages") == ["messages: 1 appended, 1 replaced"]


def test_large_values_are_folded_and_cut() -> None:
    found = drawn({}, {"x": "word " * 100_000, "y": list(range(100_000))})
    assert {"details", "summary"} <= found.tags
    assert "(500,000 characters)" in found.text
    assert "more characters" in found.text
    assert len(found.text) < 3 * LIMIT


def test_many_changes_are_folded_and_counted() -> None:
    found = drawn({"x": list(range(1000))}, {"x": [-number for number in range(1000)]})
    assert "999 changed" in found.text
    assert "170 more changes" in found.text
    assert "799 further changes not shown" in found.text


def test_a_page_stays_small_whatever_changed() -> None:
    texts = ["".join(f"{number}{end} " for number in range(5000)) for end in "ab"]
    found = drawn({"x": [texts[0]] * 40, "y": texts[0]}, {"x": [texts[1]] * 40, "y": texts[1]})
    assert len(found.text) < 2 * view.SHARE


def test_unchanged_text_between_changes_is_counted() -> None:
    middle = "the clerk looks at the order " * 100
    text = drawn({"x": f"one {middle} two"}, {"x": f"1 {middle} 2"}).text
    assert "characters unchanged" in text
    assert len(text) < 600


def test_blanks_that_came_are_seen() -> None:
    assert "one␣␣␣two" in drawn({"x": "one two"}, {"x": "one  two"}).text
    assert "⏎" in drawn({"x": "one"}, {"x": "one\n"}).text


@pytest.mark.parametrize("kind", view.PALETTE)
@pytest.mark.parametrize("mode", [0, 1])
def test_colours_have_contrast(kind: str, mode: int) -> None:
    front, back = view.PALETTE[kind][mode]
    assert contrast(rgb(front), rgb(back)) >= 4.5


def test_values_are_read_back_as_they_were() -> None:
    value = {"quote": "\"<&>'", "list": [1, None]}
    assert json.dumps(value) in unescape(drawn({}, {"x": value}).text)
