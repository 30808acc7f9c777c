"""The explorer and the history of a pattern's page, by their widgets: looking, comparing and going back."""

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from graphs.catalogue import find
from lab.lab import Lab
from lab.workspace import Workspace
from lab.workspace_cookie import LOCAL
from tests.support.app_pages import act_as, badges, confirm, give, markdowns, open_page, press, texts, well
from tests.support.example_player import approved_expense, ended

pytestmark = pytest.mark.usefixtures("pages_lab")

EXPENSE = find("expense-approval")


@pytest.fixture
def workspace(pages_lab: Lab) -> Workspace:
    return pages_lab.workspace(LOCAL)


@pytest.fixture
def approved(workspace: Workspace) -> str:
    """Provide a conference ticket that a manager has approved."""
    return approved_expense(workspace)


def at_node(workspace: Workspace, thread_id: str, name: str) -> str:
    """Return the first checkpoint from which that node runs next."""
    return next(row.checkpoint_id for row in workspace.history.page(thread_id).rows if name in row.next)


def look(thread_id: str, view: str = "State", **address: str) -> AppTest:
    return open_page("explorer", None, thread=thread_id, view=view, **address)


def test_without_threads_the_explorer_says_what_to_do() -> None:
    assert "Open a pattern from the gallery and run it" in markdowns(open_page("explorer"))


def test_a_link_to_a_strangers_thread_shows_nothing_of_it(pages_lab: Lab, approved: str) -> None:
    other = pages_lab.workspace("other").start(EXPENSE.slug, "dynamic", {"description": "Secret", "amount": 1}, pace=0)
    ended(pages_lab.workspace("other"), other.thread_id)
    at = look(other.thread_id)
    assert "There is no thread" in at.warning[0].value.replace("\\", "")
    assert not any("Secret" in text for text in texts(at))
    assert at.query_params["thread"] == approved


def test_a_checkpoint_of_the_address_shows_its_state_and_not_the_newest_one(
    workspace: Workspace, approved: str
) -> None:
    at = look(approved, checkpoint=at_node(workspace, approved, "submit"))
    assert "After step 0" in markdowns(at)
    assert "500.0" in texts(at)
    assert "paid" not in texts(at)


def test_the_head_of_the_detail_says_which_step_who_ran_on_which_branch_and_when(
    workspace: Workspace, approved: str
) -> None:
    at = look(approved, "Replay", checkpoint=at_node(workspace, approved, "pay"))
    assert any(re.fullmatch(r"\*\*After step 2: `pay` runs next\*\*", found.value) for found in at.markdown)
    about = next(found.value.replace("\\", "") for found in at.caption if found.value.startswith("manager ran"))
    assert re.fullmatch(r"manager ran · main · \d\d:\d\d:\d\d · took [\d.]+ m?s", about)


def fold_filters(at: AppTest, thread_id: str, *, opened: bool) -> None:
    at.session_state[f"filters_{thread_id}"] = opened
    at.run()
    well(at)


def test_the_filters_are_folded_behind_a_button_that_says_how_many_are_set(approved: str) -> None:
    at = look(approved)
    assert next(found.proto.popover.label for found in at.get("popover")) == "Filter"
    fold_filters(at, approved, opened=True)
    give(at, f"node_{approved}", "pay")
    give(at, f"inner_{approved}", False)
    at.run()
    assert next(found.proto.popover.label for found in at.get("popover")) == "Filter · 2 set"
    assert "1 of 5 checkpoints" in markdowns(at)


def test_filters_hold_while_they_are_folded_and_stand_as_they_were_set_when_they_open_again(approved: str) -> None:
    at = look(approved)
    fold_filters(at, approved, opened=True)
    give(at, f"node_{approved}", "pay")
    at.run()
    fold_filters(at, approved, opened=False)
    assert not [found for found in at.selectbox if found.key == f"node_{approved}"]
    assert "1 of 5 checkpoints" in markdowns(at)
    fold_filters(at, approved, opened=True)
    assert at.selectbox(key=f"node_{approved}").value == "pay"


def test_a_subgraphs_step_opens_the_page_of_the_table_that_it_is_on(workspace: Workspace) -> None:
    thread_id = workspace.start("hierarchical", "teams", find("hierarchical").examples[0].input, pace=0).thread_id
    ended(workspace, thread_id)
    first = workspace.history.page(thread_id).rows[0].checkpoint_id
    for _ in range(3):
        workspace.travel.replay(thread_id, first, pace=0)
        ended(workspace, thread_id)
    rows = workspace.history.page(thread_id).rows
    number, inner = [(number, row.inner[-1]) for number, row in enumerate(rows) if row.inner][-1]
    assert number > 12
    at = look(thread_id, checkpoint=f"{inner.checkpoint_id}@{inner.namespace}")
    assert at.pagination[0].value == 2


def test_the_lane_as_it_stands_is_folded_until_somebody_asks_for_it(workspace: Workspace, approved: str) -> None:
    def lane(at: AppTest) -> Any:
        return next(found for found in at.expander if found.label.startswith("The thread as it stands now"))

    at = look(approved, "Replay", checkpoint=at_node(workspace, approved, "manager"))
    assert not lane(at).proto.expanded
    confirm(at, f"confirm_{approved}_")
    press(at, f"replay_{approved}")
    ended(workspace, approved)
    at.run()
    assert "Waiting for an answer" in lane(at).label
    assert not lane(at).proto.expanded
    press(at, f"did_show_{approved}")
    assert lane(at).proto.expanded
    at.run()
    assert lane(at).proto.expanded


def test_what_a_step_changed_is_told_key_by_key(workspace: Workspace, approved: str) -> None:
    at = look(approved, "Changed here", checkpoint=at_node(workspace, approved, "pay"))
    drawn = "".join(found.proto.body for found in at.get("html"))
    assert "decisions" in drawn
    assert "appended" in drawn
    assert "description" not in drawn


def test_any_two_checkpoints_are_compared_and_the_pair_is_a_link(workspace: Workspace, approved: str) -> None:
    rows = workspace.history.page(approved).rows
    at = look(approved, "Diff", checkpoint=rows[-1].checkpoint_id, against=rows[1].checkpoint_id)
    drawn = "".join(found.proto.body for found in at.get("html"))
    assert all(key in drawn for key in ("claim", "status", "decisions"))
    assert "amount" not in drawn


def test_a_pinned_checkpoint_is_the_other_side(workspace: Workspace, approved: str) -> None:
    first = at_node(workspace, approved, "submit")
    at = look(approved, "Diff", checkpoint=first)
    press(at, f"pin_{approved}")
    assert at.query_params["against"] == first


def test_threads_of_one_pattern_are_compared(workspace: Workspace, approved: str) -> None:
    cheap = workspace.start(EXPENSE.slug, "dynamic", {"description": "Pens", "amount": 5}, pace=0).thread_id
    ended(workspace, cheap)
    at = look(approved, "Diff", other=cheap)
    drawn = "".join(found.proto.body for found in at.get("html"))
    assert "Pens" in drawn
    assert "Conference" in drawn


def edited(workspace: Workspace, thread_id: str, amount: float, label: str = "") -> AppTest:
    """Open the form at the step before `submit` and type another amount."""
    ident = at_node(workspace, thread_id, "submit")
    at = look(thread_id, "Edit and fork", checkpoint=ident)
    give(at, f"edit_{thread_id}_{ident}_amount_set", amount)
    give(at, f"label_{thread_id}", label)
    at.run()
    well(at)
    return at


def test_an_edit_is_previewed_before_it_is_saved(workspace: Workspace, approved: str) -> None:
    before = workspace.history.count(approved)
    at = edited(workspace, approved, 50.0)
    assert "Runs next: `submit`, as before the edit" in markdowns(at)
    assert "50.0" in "".join(found.proto.body for found in at.get("html"))
    assert workspace.history.count(approved) == before


def test_an_edit_can_be_written_as_a_node_or_as_the_input(workspace: Workspace, approved: str) -> None:
    ident = at_node(workspace, approved, "pay")
    at = look(approved, "Edit and fork", checkpoint=ident)
    give(at, f"edit_{approved}_{ident}_amount_set", 50.0)
    give(at, f"as_{approved}", "__start__")
    at.run()
    well(at)
    chosen = at.selectbox(key=f"as_{approved}")
    assert "the input" in chosen.options
    assert "Runs next: `submit`" in markdowns(at)
    assert "as before the edit" not in markdowns(at)
    press(at, f"fork_run_{approved}")
    ended(workspace, approved)
    snapshot = workspace.history.snapshot(approved)
    assert snapshot is not None
    assert (snapshot.values["amount"], snapshot.next) == (50.0, ())
    told = [one for table in look(approved).dataframe if "Ran" in table.value for one in table.value["Ran"]]
    assert "as the input" in told
    assert "__start__" not in "".join(map(str, told))


def test_a_fork_that_runs_makes_a_named_branch_and_leaves_the_old_one(workspace: Workspace, approved: str) -> None:
    old = workspace.history.tree(approved).head
    press(edited(workspace, approved, 50.0, "cheap"), f"fork_run_{approved}")
    ended(workspace, approved)
    branches = workspace.history.tree(approved).branches
    assert [branch.name for branch in branches] == ["main", "cheap"]
    assert branches[0].leaf.checkpoint_id == old
    snapshot = workspace.history.snapshot(approved)
    assert snapshot is not None
    assert (snapshot.values["amount"], snapshot.values["status"], snapshot.next) == (50.0, "paid", ())


def test_a_fork_that_stays_paused_runs_nothing(workspace: Workspace, approved: str) -> None:
    at = edited(workspace, approved, 50.0)
    press(at, f"fork_{approved}")
    snapshot = workspace.history.snapshot(approved)
    assert snapshot is not None
    assert (snapshot.source, snapshot.next) == ("update", ("submit",))
    assert at.query_params["checkpoint"] == snapshot.checkpoint_id


def test_what_was_typed_last_is_what_is_forked_though_the_page_was_not_drawn_since(
    workspace: Workspace, approved: str
) -> None:
    at = edited(workspace, approved, 50.0)
    ident = at_node(workspace, approved, "submit")
    give(at, f"edit_{approved}_{ident}_amount_set", 70.0)
    give(at, f"label_{approved}", "typed last")
    press(at, f"fork_run_{approved}")
    ended(workspace, approved)
    snapshot = workspace.history.snapshot(approved)
    assert snapshot is not None
    assert snapshot.values["amount"] == 70.0
    assert workspace.history.tree(approved).branches[-1].name == "typed last"


def test_a_fork_without_a_change_is_refused_with_the_reason(workspace: Workspace, approved: str) -> None:
    at = look(approved, "Edit and fork", checkpoint=at_node(workspace, approved, "submit"))
    press(at, f"fork_run_{approved}")
    assert "No field was changed" in markdowns(at)
    assert len(workspace.history.tree(approved).branches) == 1


def test_a_value_out_of_its_bounds_is_told_at_its_field_and_nothing_is_forked(
    workspace: Workspace, approved: str
) -> None:
    at = edited(workspace, approved, -5.0)
    assert any("must be at least 0.01" in text for text in texts(at))
    press(at, f"fork_run_{approved}")
    assert len(workspace.history.tree(approved).branches) == 1


def test_an_edit_says_what_the_nodes_after_it_do_outside_the_state(workspace: Workspace, approved: str) -> None:
    assert "`pay` acts outside the state: ledger" in markdowns(edited(workspace, approved, 50.0))


def test_a_second_press_of_a_double_click_makes_no_second_branch(workspace: Workspace, approved: str) -> None:
    at = edited(workspace, approved, 50.0)
    old = at.query_params["checkpoint"]
    press(at, f"fork_{approved}")
    # The browser sends a press with the address of the page on which it was made.
    at.query_params["checkpoint"] = old
    press(at, f"fork_{approved}")
    assert len(workspace.history.tree(approved).branches) == 2
    assert at.query_params["checkpoint"] == workspace.history.tree(approved).head


@pytest.mark.parametrize("name", ["against", "other", "left", "right"])
def test_a_link_to_a_pair_that_is_gone_says_so(workspace: Workspace, approved: str, name: str) -> None:
    workspace.travel.replay(approved, at_node(workspace, approved, "pay"), pace=0, confirmed=True)
    ended(workspace, approved)
    view = "Compare branches" if name in ("left", "right") else "Diff"
    at = look(approved, view, **{name: "made-up"})
    assert any("made-up" in found.value.replace("\\", "") for found in at.warning)


def test_what_if_runs_both_and_shows_their_ends_side_by_side(workspace: Workspace, approved: str) -> None:
    at = edited(workspace, approved, 50.0, "cheap")
    press(at, f"what_if_{approved}")
    ended(workspace, approved)
    assert {branch.name for branch in workspace.history.tree(approved).branches} == {"main", "as it was", "cheap"}
    at = look(approved, "Compare branches")
    begins = [str(at.selectbox(key=f"{side}_{approved}").value) for side in ("left", "right")]
    assert {workspace.history.tree(approved).branch_of(begin).number for begin in begins} == {2, 3}
    ends: Any = at.table[-1].value
    assert "waits for an answer in manager" in set(ends.iloc[0])
    assert "finished" in set(ends.iloc[0])


def test_a_replay_says_first_what_runs_again_and_what_it_does_outside(workspace: Workspace, approved: str) -> None:
    at = look(approved, "Replay", checkpoint=at_node(workspace, approved, "manager"))
    told = markdowns(at)
    assert "**Runs again, for real:** `manager`" in told
    assert "`pay` acts outside the state: ledger" in told
    assert len(workspace.history.tree(approved).branches) == 1
    confirm(at, f"confirm_{approved}_")
    press(at, f"replay_{approved}")
    ended(workspace, approved)
    assert workspace.history.status(approved) == "waiting"
    assert len(workspace.history.tree(approved).branches) == 2


def test_the_end_offers_no_replay(approved: str) -> None:
    at = look(approved, "Replay")
    assert "This is an end" in markdowns(at)
    assert f"replay_{approved}" not in {str(button.key) for button in at.button}


def test_another_answer_makes_a_branch_and_the_old_answer_is_not_used(workspace: Workspace, approved: str) -> None:
    ident = at_node(workspace, approved, "manager")
    at = look(approved, "Answer again", checkpoint=ident)
    act_as(at, "Maya")
    snapshot = workspace.history.snapshot(approved, ident)
    assert snapshot is not None
    place = f"again_{approved}_{snapshot.questions[0].id}"
    give(at, f"{place}_decision", "rejected")
    give(at, f"{place}_note", "No budget left.")
    press(at, f"again_send_{approved}")
    ended(workspace, approved)
    now = workspace.history.snapshot(approved)
    assert now is not None
    assert now.values["status"] == "rejected"
    assert [made["decision"] for made in now.values["decisions"]] == ["rejected"]


def test_another_answer_that_does_not_fit_is_told_at_its_field_and_runs_nothing(
    workspace: Workspace, approved: str
) -> None:
    ident = at_node(workspace, approved, "manager")
    at = look(approved, "Answer again", checkpoint=ident)
    act_as(at, "Maya")
    snapshot = workspace.history.snapshot(approved, ident)
    assert snapshot is not None
    give(at, f"again_{approved}_{snapshot.questions[0].id}_decision", "rejected")
    press(at, f"again_send_{approved}")
    assert len(workspace.history.tree(approved).branches) == 1
    assert any("is empty. Fill it in." in text for text in texts(at))


@pytest.fixture
def damaged(pages_lab: Lab, workspace: Workspace, approved: str) -> str:
    """Provide the approved ticket, its newest checkpoint no longer to be read."""
    head = workspace.history.tree(approved).head
    with pages_lab.storage.database.begin() as connection:
        connection.execute(
            text("UPDATE checkpoints SET checkpoint = :junk WHERE checkpoint_id = :head"),
            {"junk": b"\xc1\x00damaged", "head": head},
        )
    return approved


def test_an_answer_whose_node_failed_is_given_differently_at_the_head(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object) -> int:
        raise ValueError("the bank is closed")

    monkeypatch.setattr("graphs.resilience.durable_task.charge", closed)
    monkeypatch.setattr("graphs.resilience.durable_task.uuid4", lambda: UUID(int=7))
    example = find("durable-task").examples[0]
    thread_id = workspace.start("durable-task", "in-node", example.input, pace=0).thread_id
    ended(workspace, thread_id)
    (question,) = workspace.history.pending(thread_id)
    at = look(thread_id, "Answer again")
    assert "hasn't been answered yet" in markdowns(at)
    workspace.resume(thread_id, {question.id: {"confirm": "yes"}}, str(workspace.history.tree(thread_id).head))
    ended(workspace, thread_id)
    at = look(thread_id, "Answer again")
    assert "hasn't been answered yet" not in markdowns(at)
    assert "Answered: Yes. Then order failed." in texts(at)
    give(at, f"again_{thread_id}_{question.id}_confirm", "no")
    press(at, f"again_send_{thread_id}")
    ended(workspace, thread_id)
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None
    assert "was declined" in str(snapshot.values["receipt"])
    assert workspace.threads.business("ledger", [thread_id]) == []


def test_a_damaged_head_is_told_of_and_an_earlier_checkpoint_can_be_looked_at_and_forked(
    workspace: Workspace, damaged: str
) -> None:
    at = look(damaged)
    assert any("can't be read" in found.value.replace("\\", "") for found in at.warning)
    earlier = edited(workspace, damaged, 50.0)
    assert "After step 0" in markdowns(look(damaged, checkpoint=at_node(workspace, damaged, "submit")))
    press(earlier, f"fork_run_{damaged}")
    ended(workspace, damaged)
    assert workspace.history.status(damaged) == "finished"


def test_a_damaged_thread_leaves_the_pages_of_all_others_as_they_are(workspace: Workspace, damaged: str) -> None:
    cheap = workspace.start(EXPENSE.slug, "dynamic", {"description": "Pens", "amount": 5}, pace=0).thread_id
    ended(workspace, cheap)
    assert "Pens" in texts(look(cheap))
    assert "Can't be read" in badges(open_page("expense-approval", thread=damaged, lane="dynamic"))
    assert "Can't be read" in badges(open_page("threads"))


def test_each_field_of_the_state_is_shown_with_its_type_and_its_reducer(approved: str) -> None:
    told = markdowns(look(approved)).replace("\\", "")
    assert "**amount** · float" in told
    assert "**decisions** · list[Decision], reducer add · 1 inside" in told
    assert "**status** · Literal['pending', 'paid', 'rejected']" in told


def test_a_question_that_still_waits_is_answered_on_its_card_and_not_as_another_answer(workspace: Workspace) -> None:
    asked = {"description": "Conference ticket", "amount": 500}
    thread_id = workspace.start(EXPENSE.slug, "dynamic", asked, pace=0).thread_id
    ended(workspace, thread_id)
    at = look(thread_id, "Answer again")
    assert "hasn't been answered yet" in markdowns(at)
    assert not any(str(button.key).startswith("again_send") for button in at.button)
