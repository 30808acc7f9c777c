"""Threads of very many steps: the page folds and pages them, and stays small."""

import time

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from lab.events import StepView, ThreadView
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.app_pages import markdowns, open_page, start, steps, well

pytestmark = pytest.mark.usefixtures("pages_lab")

TASKS = 1000


@pytest.fixture
def long(pages_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Provide a page whose lane had a thousand parallel tasks."""
    at = open_page("linear-pipeline")
    start(at, find("linear-pipeline"))
    view = Workspace.view

    def viewed(self: Workspace, thread_id: str) -> ThreadView:
        found = view(self, thread_id)
        found.catch_up()
        now = time.time()
        found.items += [
            StepView(f"task{number}", (f"work{number}",), "done", now, now, {"n": number}, spans=[(now, now)])
            for number in range(TASKS - len(found.items))
        ]
        return found

    monkeypatch.setattr(Workspace, "view", viewed)
    at.run()
    well(at)
    return at


def count(at: AppTest) -> int:
    """Count all that the page draws."""

    def inside(block: object) -> int:
        children = getattr(block, "children", {})
        return sum(1 + inside(child) for child in children.values())

    return inside(at.main)


def test_a_thousand_parallel_tasks_make_a_page_of_a_bounded_size(long: AppTest) -> None:
    assert len(steps(long)) <= 60
    assert count(long) < 1000
    assert "of 1,000" in markdowns(long)


def test_the_newest_steps_are_open_and_the_others_are_pages(long: AppTest) -> None:
    (key,) = [str(found.key) for found in long.get("pagination") if "items_" in str(found.key)]
    newest = steps(long)
    assert newest[-1] == "work993"
    long.session_state[key] = 1
    long.run()
    well(long)
    assert steps(long)[:2] == ["clean", "summarise"] or steps(long)[0] == "clean"
    assert not set(steps(long)) & set(newest)
