"""The page Decisions: what it shows of each decision, the newest first, also once its thread is gone."""

import csv
from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from lab.workspace import Workspace
from pages.decisions import KINDS
from tests.support.app_pages import give, markdowns, open_page, texts, well
from tests.support.example_player import approved_expense, play_steps

pytestmark = pytest.mark.usefixtures("pages_lab")

GATE = find("approval-gate")
CHANGED = 1


@pytest.fixture
def decided(here: Workspace) -> str:
    """Provide a thread with an approval, after which another pattern's mail was changed twice and then approved."""
    thread_id = approved_expense(here)
    play_steps(here, GATE.slug, "interrupt", GATE.examples[CHANGED])
    return thread_id


def lines(at: AppTest, column: str) -> list[str]:
    return [str(cell) for cell in at.dataframe[0].value[column]]


def rows(file: bytes) -> list[dict[str, str]]:
    """Return what a CSV file has, by the names of its columns."""
    return [*csv.DictReader(file.decode("utf-8-sig").splitlines(keepends=True))]


def gone(at: AppTest) -> bool:
    return any("Its thread was deleted" in str(caption.value) for caption in at.caption)


def test_without_a_decision_it_says_where_one_is_made() -> None:
    at = open_page("decisions")

    assert "No decision yet" in at.info[0].value
    assert not at.dataframe


@pytest.mark.usefixtures("decided")
def test_the_newest_decision_comes_first_and_is_shown_whole() -> None:
    at = open_page("decisions")

    assert lines(at, "Pattern") == ["Approval gate"] * 3 + ["Expense approval"]
    assert lines(at, "Node") == ["await_approval"] * 3 + ["manager"]
    assert set(lines(at, "Decision")) == {KINDS["answer"]}
    assert "approve" in lines(at, "Answer")[0]
    assert "**Answered** at `await_approval`" in markdowns(at)
    (asked,) = [text for text in texts(at) if text.startswith("Send this mail to")]
    assert "Dear colleague" in asked


@pytest.mark.usefixtures("decided")
def test_the_record_can_be_narrowed_to_a_pattern() -> None:
    at = open_page("decisions")
    give(at, "decisions_pattern", "expense-approval")
    at.run()
    well(at)
    assert lines(at, "Pattern") == ["Expense approval"]

    give(at, "decisions_pattern", "linear-pipeline")
    at.run()
    well(at)
    assert "No decision in this pattern" in at.info[0].value


def test_a_decision_stays_when_its_thread_is_deleted_and_says_so(here: Workspace, decided: str) -> None:
    at = open_page("decisions")
    give(at, "decisions_pattern", "expense-approval")
    at.run()
    assert not gone(at)

    here.threads.delete(decided)
    at.run()
    well(at)
    assert lines(at, "Thread") == ["Conference ticket"]
    assert gone(at)


@pytest.mark.usefixtures("decided")
def test_the_record_is_exported_as_a_file_for_spreadsheets_of_what_the_filter_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offered: list[Callable[[], bytes]] = []
    draw = st.download_button

    def record(label: str, data: Callable[[], bytes], **widget: Any) -> bool:
        offered.append(data)
        return draw(label, data, **widget)

    monkeypatch.setattr(st, "download_button", record)
    at = open_page("decisions")
    assert at.download_button(key="decisions_export").label == "Export as CSV"
    everything = offered[-1]()
    give(at, "decisions_pattern", "expense-approval")
    at.run()
    well(at)

    assert everything.startswith(b"\xef\xbb\xbf")
    assert [row["Pattern"] for row in rows(everything)] == ["approval-gate"] * 3 + ["expense-approval"]
    assert [row["Pattern"] for row in rows(offered[-1]())] == ["expense-approval"]
