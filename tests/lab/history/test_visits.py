"""Which nodes had run at a checkpoint, those of subgraphs too, and the place of a subgraph's checkpoint."""

import pytest

from graphs.catalogue import find
from lab.lab import Lab
from lab.workspace import Workspace
from lab.workspace_cookie import LOCAL
from tests.support.app_pages import markdowns, open_page
from tests.support.example_player import ended

TEAMS = find("hierarchical")


@pytest.fixture
def workspace(pages_lab: Lab) -> Workspace:
    return pages_lab.workspace(LOCAL)


@pytest.fixture
def thread_id(workspace: Workspace) -> str:
    thread = workspace.start(TEAMS.slug, TEAMS.lanes[0].key, TEAMS.examples[0].input, pace=0)
    ended(workspace, thread.thread_id)
    return thread.thread_id


def told(workspace: Workspace, thread_id: str) -> set[str]:
    """Return the nodes that ran, as the run itself told."""
    view = workspace.view(thread_id)
    view.catch_up()
    return {":".join(step.path) for step in view.steps}


def test_at_its_end_a_thread_has_visited_what_its_run_told_of_and_nothing_else(
    workspace: Workspace, thread_id: str
) -> None:
    head = workspace.history.tree(thread_id).head
    assert head is not None
    assert {name for name, count in workspace.history.visits(thread_id, head).items() if count} == told(
        workspace, thread_id
    )


def test_before_its_subgraphs_begin_none_of_their_nodes_has_run(workspace: Workspace, thread_id: str) -> None:
    calling = next(row for row in workspace.history.page(thread_id).rows if row.inner)
    assert set(workspace.history.visits(thread_id, calling.checkpoint_id)) == {"orchestrate"}


def test_a_replay_begins_with_its_subgraphs_not_yet_run(workspace: Workspace, thread_id: str) -> None:
    calling = next(row for row in workspace.history.page(thread_id).rows if row.inner)
    workspace.travel.replay(thread_id, calling.checkpoint_id, pace=0)
    ended(workspace, thread_id)
    fork = next(row for row in workspace.history.page(thread_id).rows if row.source == "fork")
    assert set(workspace.history.visits(thread_id, fork.checkpoint_id)) == {"orchestrate"}


def test_a_subgraphs_checkpoint_belongs_to_the_step_that_called_it(workspace: Workspace, thread_id: str) -> None:
    calling = next(row for row in workspace.history.page(thread_id).rows if row.inner)
    for row in calling.inner:
        assert workspace.history.caller(thread_id, row.checkpoint_id, row.namespace) == calling.checkpoint_id
    assert workspace.history.caller(thread_id, "made-up", calling.inner[0].namespace) is None


def test_a_selected_checkpoint_of_a_subgraph_says_which_one_it_is(workspace: Workspace, thread_id: str) -> None:
    calling = next(row for row in workspace.history.page(thread_id).rows if row.inner)
    row = next(row for row in calling.inner if row.ran)
    graph = row.namespace.partition(":")[0]
    at = open_page("explorer", None, thread=thread_id, checkpoint=f"{row.checkpoint_id}@{row.namespace}")
    assert f"In `{graph}`, after step {row.step}" in markdowns(at)
    assert at.slider[-1].value == calling.step
