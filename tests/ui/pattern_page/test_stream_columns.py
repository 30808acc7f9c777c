"""The columns of stream modes without a browser: every part of every chosen mode, in order and with its time."""

import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from graphs.streaming.stream_modes_demo import PATTERN
from lab.events import StreamPart
from lab.lab import Lab
from lab.workspace_cookie import LOCAL
from tests.support.app_pages import open_page, start
from ui.pattern_page.stream_columns import part_text

LINE = re.compile(r"\*\*(\d+\.\d{3})\*\* `(.*)`")


def columns(at: AppTest) -> dict[str, list[tuple[float, str]]]:
    """Return by mode the lines of its column, each with its time."""
    found: dict[str, list[tuple[float, str]]] = {}
    lines: list[tuple[float, str]] = []
    for element in at.main.markdown:
        if head := re.fullmatch(r"`(\w+)` \d+ parts?", element.value):
            lines = found.setdefault(head[1], [])
        elif LINE.match(element.value):
            lines += [(float(told[1]), told[2]) for told in LINE.finditer(element.value)]
    return found


def parts(lab: Lab, at: AppTest) -> list[StreamPart]:
    events = lab.workspace(LOCAL).events(str(at.query_params["thread"]))
    return [event for event in events if isinstance(event, StreamPart)]


@pytest.mark.parametrize("example", range(3))
def test_a_column_has_each_part_of_its_mode_in_order_with_its_time(pages_lab: Lab, example: int) -> None:
    at = open_page("stream-modes")
    start(at, PATTERN, example)
    drawn, told = columns(at), parts(pages_lab, at)

    assert list(drawn) == ["values", "updates", "messages", "custom"]
    for mode, lines in drawn.items():
        expected = [part_text(mode, part.data, 300) for part in told if part.mode == mode]
        assert [text for _, text in lines] == expected
        assert [time for time, _ in lines] == sorted(time for time, _ in lines)


def test_a_mode_has_a_column_by_choice_also_after_the_run(pages_lab: Lab) -> None:
    at = open_page("stream-modes")
    start(at, PATTERN)
    key = "modes_stream-modes_run"
    at.pills(key=key).set_value(["tasks", "checkpoints", "debug"]).run()
    told = parts(pages_lab, at)

    assert {mode: len(lines) for mode, lines in columns(at).items()} == {
        mode: sum(part.mode == mode for part in told) for mode in ("tasks", "checkpoints", "debug")
    }


def test_the_tab_of_the_parts_has_them_all_in_one_order_and_the_events_leave_them_out(pages_lab: Lab) -> None:
    at = open_page("stream-modes")
    start(at, PATTERN)
    thread = str(at.query_params["thread"])
    told = parts(pages_lab, at)
    table = open_page("stream-modes", tab="Parts", thread=thread).dataframe[0].value
    events = open_page("stream-modes", tab="Events", thread=thread).dataframe[0].value

    assert list(table["No."]) == [part.no for part in told]
    assert list(table["Mode"]) == [part.mode for part in told]
    assert "StreamPart" not in set(events["Event"])


@pytest.mark.parametrize(
    ("mode", "data", "text"),
    [
        ("messages", [{"text": "Seen "}, {"langgraph_node": "write"}], 'write: "Seen "'),
        ("tasks", {"name": "plan", "input": {"n": 1}}, 'plan begins with {"n": 1}'),
        ("tasks", {"name": "plan", "error": None, "result": {"n": 1}}, 'plan ends with {"n": 1}'),
        ("tasks", {"name": "plan", "error": "ValueError: no", "result": {}}, "plan fails: ValueError: no"),
        ("checkpoints", {"metadata": {"step": 3}, "next": [], "values": {}}, "step 3, next nothing: {}"),
        ("debug", {"step": 1, "type": "task", "payload": {"name": "a", "input": 1}}, "step 1, task: a begins with 1"),
        ("custom", "anything", '"anything"'),
        ("tasks", "of another version", '"of another version"'),
    ],
)
def test_a_part_is_told_in_one_line(mode: str, data: object, text: str) -> None:
    assert part_text(mode, data, 300) == text
    assert part_text(mode, data, 8) in (text, f"{text[:7]}…")
    assert json.dumps(data)
