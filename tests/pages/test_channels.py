"""The tab of channels without a browser: a table a step, with what was held, written and held after it."""

from typing import Any

from streamlit.testing.v1 import AppTest

from graphs.state.reducers_demo import PATTERN
from graphs.state.run_context_demo import PATTERN as CONTEXT
from graphs.state.state_schema_demo import PATTERN as SCHEMA
from lab.lab import Lab
from tests.support.app_pages import badges, open_page, press, start


def _tables(at: AppTest) -> list[dict[Any, Any]]:
    # What is escaped for Markdown is read as the page shows it.
    found = [table.value.map(lambda text: text.replace("\\", "")) for table in at.table]
    return [{row["Channel"]: row for row in table.to_dict("records")} for table in found]


def _opened(lane: str, example: int) -> AppTest:
    at = open_page("reducers")
    start(at, PATTERN, example)
    return open_page("reducers", tab="Channels", lane=lane, thread=str(at.query_params["thread"]))


def test_each_step_has_a_table_of_what_was_held_written_and_held_after(pages_lab: Lab) -> None:
    reviews, edits = _tables(_opened("reduced", 0))

    assert list(reviews) == list(PATTERN.channels)
    assert (reviews["best"]["Before"], reviews["best"]["After"]) in {("0", "8"), ("–", "8")}
    assert sorted(reviews["best"]["Written"].split(" · ")) == ["**ann** 8", "**ben** 5"]
    assert reviews["topics"]["After"] == '{"topic": "light"}; {"topic": "price"}; {"topic": "size"}'
    assert set(edits) == {"facts", "counts", "desk", "messages"}
    assert edits["desk"] == {
        "Channel": "desk",
        "Before": "light; price; light; price; size",
        "Written": '**edit** {"remove": ["price"], "prepend": ["headline"]}',
        "After": "headline; light; light; size",
    }


def test_a_step_that_cant_be_applied_shows_what_was_written_and_that_it_was_refused(pages_lab: Lab) -> None:
    at = _opened("without", 0)
    (refused,) = _tables(at)

    assert {row["After"] for row in refused.values()} == {"refused"}
    assert sorted(refused["best"]["Written"].split(" · ")) == ["**ann** 8", "**ben** 5"]
    assert any("InvalidUpdateError" in found.value for found in at.error)


def test_a_value_that_replaces_another_one_is_seen(pages_lab: Lab) -> None:
    _, edits = _tables(_opened("without", 1))

    assert edits["counts"]["Before"] == '{"light": 1, "cable": 1}'
    assert edits["counts"]["After"] == '{"taken off": 1}'


def test_a_step_whose_node_fails_is_none_that_was_refused(pages_lab: Lab) -> None:
    assert _tables(_opened("reduced", 3)) == []


def test_what_the_input_has_and_the_state_doesnt_is_seen_in_the_table_of_the_input(pages_lab: Lab) -> None:
    at = open_page("run-context")
    start(at, CONTEXT, 1)
    thread = str(at.query_params["thread"])
    shown = {
        lane: _tables(open_page("run-context", tab="Channels", lane=lane, thread=thread))[0]
        for lane in ("state", "context")
    }

    assert {name: row["After"] for name, row in shown["state"].items()} == {
        "topic": "the harvest feast",
        "tone": "warm",
        "most": "20",
    }
    assert [row["Written"] for row in shown["context"].values()] == [
        "**input** the harvest feast",
        "**input** warm",
        "**input** 20",
    ]
    assert [row["After"] for row in shown["context"].values()] == ["the harvest feast", "–", "–"]


def test_a_step_that_nobody_can_read_shows_what_was_written_and_the_parent_is_forked_from_its_card(
    pages_lab: Lab,
) -> None:
    at = open_page("state-schema")
    start(at, SCHEMA, 0)
    thread = str(at.query_params["thread"])
    unreadable = open_page("state-schema", tab="Channels", lane="modelled", thread=thread)
    step = _tables(unreadable)[-1]
    press(unreadable, "state-schema_modelled_back")

    assert (step["kind"]["Written"], step["kind"]["After"]) == ("**classify** poem", "can't be read")
    assert badges(open_page("state-schema", thread=thread)) == ["Finished", "Finished"]
