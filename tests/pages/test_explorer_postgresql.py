"""The explorer on a real PostgreSQL: the same history, the same ways back."""

from collections.abc import Iterator

import pytest

from lab.lab import Lab, close_lab, open_lab
from lab.workspace_cookie import LOCAL
from tests.support.app_pages import give, markdowns, open_page, press, texts
from tests.support.example_player import approved_expense, ended
from ui.history import VIEWS


@pytest.fixture
def on_postgresql(pages_lab: Lab, postgres_lab_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.setenv("LAB_DATABASE", postgres_lab_database)
    close_lab()
    yield open_lab()
    close_lab()


@pytest.fixture
def approved(on_postgresql: Lab) -> str:
    return approved_expense(on_postgresql.workspace(LOCAL))


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_a_checkpoint_is_drawn(on_postgresql: Lab, approved: str, view: str) -> None:
    asked = next(row for row in on_postgresql.workspace(LOCAL).history.page(approved).rows if row.asked)
    at = open_page("explorer", None, thread=approved, view=view, checkpoint=asked.checkpoint_id)
    assert not at.warning or view in ("Replay", "Answer again")
    rows = next(table.value for table in at.dataframe if "Ran" in table.value)
    assert list(rows["Ran"]) == ["", "", "submit", "manager", "pay"]


def test_a_fork_and_another_answer_are_branches_and_the_first_end_stays(on_postgresql: Lab, approved: str) -> None:
    workspace = on_postgresql.workspace(LOCAL)
    rows = workspace.history.page(approved).rows
    first = next(row.checkpoint_id for row in rows if "submit" in row.next)
    at = open_page("explorer", None, thread=approved, view="Edit and fork", checkpoint=first)
    give(at, f"edit_{approved}_{first}_amount_set", 50.0)
    at.run()
    assert "Runs next: `submit`" in markdowns(at)
    press(at, f"fork_run_{approved}")
    ended(workspace, approved)
    asked = next(row.checkpoint_id for row in rows if row.asked)
    question = workspace.history.snapshot(approved, asked)
    assert question is not None
    no = {question.questions[0].id: {"decision": "rejected", "note": "No."}}
    workspace.travel.reanswer(approved, asked, no, label="no", pace=0, person="Maya")
    ended(workspace, approved)
    branches = workspace.history.tree(approved).branches
    ends = [workspace.history.snapshot(approved, branch.leaf.checkpoint_id) for branch in branches]
    assert [end.values["status"] for end in ends if end is not None] == ["paid", "paid", "rejected"]
    assert "rejected" in texts(open_page("explorer", None, thread=approved))
