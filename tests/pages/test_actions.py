"""What a visitor does on a pattern's page: answers, edits, pauses, retries, talks on, and looks at the code."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from graphs.catalogue import CATALOGUE, find
from graphs.pattern import Pattern
from lab.lab import Lab, close_lab
from lab.workspace_cookie import COOKIE, LOCAL, Visitors
from tests.support.app_pages import (
    act_as,
    answer,
    asked,
    badges,
    choose_example,
    give,
    markdowns,
    open_page,
    paused_field,
    press,
    start,
    steps,
    texts,
    write,
)
from tests.support.graph_files import GRAPH_FILES, GRAPHS, demo_file

pytestmark = pytest.mark.usefixtures("pages_lab")

DURABLE = find("durable-task")
EXPENSE, GATE, BREAKPOINTS = find("expense-approval"), find("approval-gate"), find("breakpoints")
PIPELINE, MEMORY = find("linear-pipeline"), find("conversation-memory")


def ledger(lab: Lab) -> list[dict[str, Any]]:
    here = lab.workspace(LOCAL)
    return here.threads.business("ledger", [thread.thread_id for thread in here.threads.newest()])


def test_a_rejection_without_a_note_is_told_at_the_field_and_changes_nothing(pages_lab: Lab) -> None:
    at = open_page("expense-approval")
    start(at, EXPENSE, 1)
    answer(at, EXPENSE, "dynamic", {"decision": "rejected", "note": ""}, "Maya")
    assert "'Note (needed to reject)' is empty. Fill it in." in texts(at)
    assert badges(at) == ["Paused", "Waiting for an answer"]
    assert at.segmented_control(key=f"{asked(at, EXPENSE, 'dynamic')}decision").value == "rejected"
    assert ledger(pages_lab) == []


def test_an_answer_that_was_refused_can_be_given_properly(pages_lab: Lab) -> None:
    at = open_page("expense-approval")
    start(at, EXPENSE, 1)
    answer(at, EXPENSE, "dynamic", {"decision": "rejected", "note": ""}, "Maya")
    answer(at, EXPENSE, "dynamic", {"decision": "rejected", "note": "Too dear."}, "Maya")
    assert badges(at)[1] == "Finished"
    assert not any("is empty" in text for text in texts(at))
    assert ledger(pages_lab) == []


def test_an_approved_expense_is_in_the_ledger_once_and_on_the_page(pages_lab: Lab) -> None:
    at = open_page("expense-approval", tab="Ledger")
    start(at, EXPENSE, 1)
    answer(at, EXPENSE, "dynamic", {"decision": "approved"}, "Maya")
    assert [row["cents"] for row in ledger(pages_lab)] == [500_00]
    assert [list(table.value["Lane"]) for table in at.dataframe if "Lane" in table.value] == [["Ask above the limit"]]


def test_an_answer_whose_question_was_answered_elsewhere_is_refused_with_the_reason(pages_lab: Lab) -> None:
    one = open_page("expense-approval")
    start(one, EXPENSE, 1)
    other = open_page("expense-approval", thread=str(one.query_params["thread"]))
    act_as(one, "Maya")
    act_as(other, "Maya")
    answer(one, EXPENSE, "dynamic", {"decision": "approved"})
    answer(other, EXPENSE, "dynamic", {"decision": "approved"})
    assert any("answered already" in found.value for found in other.warning)
    assert len(ledger(pages_lab)) == 1


def test_an_answer_whose_node_failed_can_be_tried_again_or_given_differently(
    pages_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object) -> int:
        raise ValueError("the bank is closed")

    monkeypatch.setattr("graphs.resilience.durable_task.charge", closed)
    # Another order would be another question, for which no answer is taken over.
    monkeypatch.setattr("graphs.resilience.durable_task.uuid4", lambda: UUID(int=7))
    at = open_page("durable-task")
    start(at, DURABLE, 0)
    form = asked(at, DURABLE, "in-node")
    answer(at, DURABLE, "in-node", {"confirm": "yes"})
    assert badges(at)[0] == "Failed"
    assert "failed after its answer" in markdowns(at)
    assert "Answered: Yes" in texts(at)
    # On its step alone; below the lanes the selected checkpoint tells it of itself.
    assert sum("the bank is closed" in text for text in texts(at)) == 1
    assert [found.value for found in at.error if "failed here" not in found.value] == []
    assert not [button for button in at.button if button.label == "Send answer" and str(button.key).startswith(form)]
    press(at, f"{form}same")
    assert badges(at)[0] == "Failed"
    assert "`order` acts outside the state: ledger" in "".join(found.value for found in at.warning)
    give(at, f"{form}confirm", "no")
    press(at, f"{form}different")
    assert badges(at)[0] == "Finished"
    assert ledger(pages_lab) == []


def test_fields_written_at_a_pause_are_what_the_next_node_reads(pages_lab: Lab) -> None:
    at = open_page("expense-approval")
    start(at, EXPENSE, 0)
    write(at, EXPENSE, EXPENSE.lane("static"), {"decision": "approved"})
    press(at, "expense-approval_static_continue")
    assert badges(at) == ["Finished", "Finished"]
    assert sorted(row["cents"] for row in ledger(pages_lab)) == [50_00, 50_00]


def test_a_value_injected_at_a_chosen_pause_is_worked_on() -> None:
    at = open_page("breakpoints")
    give(at, "breakpoints_0_after", ["b"])
    press(at, "breakpoints_run")
    assert (badges(at), steps(at)) == (["Paused"], ["a", "b"])
    field = paused_field(at, BREAKPOINTS, BREAKPOINTS.lanes[0], "value")
    assert at.text_input(key=field).value == "20"
    give(at, field, 100)
    press(at, "breakpoints_steps_continue")
    assert badges(at) == ["Finished"]
    assert "33" in texts(at)


def test_a_step_runs_one_node_and_pauses_again() -> None:
    at = open_page("breakpoints")
    give(at, "breakpoints_0_before", ["a"])
    press(at, "breakpoints_run")
    assert steps(at) == []
    press(at, "breakpoints_steps_step")
    assert (badges(at), steps(at)) == (["Paused"], ["a"])
    press(at, "breakpoints_steps_step")
    assert (badges(at), steps(at)) == (["Paused"], ["a", "b"])


def test_a_node_that_found_nothing_decided_gets_its_decision_by_form(pages_lab: Lab) -> None:
    at = open_page("expense-approval")
    start(at, EXPENSE, 5)
    press(at, "expense-approval_static_continue")
    assert badges(at)[0] == "Failed"
    write(at, EXPENSE, EXPENSE.lane("static"), {"decision": "approved"})
    press(at, "expense-approval_static_continue")
    assert badges(at)[0] == "Finished"
    assert [row["cents"] for row in ledger(pages_lab)] == [180_00]


def test_a_pause_is_still_one_with_its_form_once_the_lab_was_opened_again(pages_lab: Lab) -> None:
    at = open_page("expense-approval")
    start(at, EXPENSE, 1)
    close_lab()
    again = open_page("expense-approval", thread=str(at.query_params["thread"]))
    assert badges(again) == ["Paused", "Waiting for an answer"]
    write(again, EXPENSE, EXPENSE.lane("static"), {"decision": "approved"})
    press(again, "expense-approval_static_continue")
    assert badges(again)[0] == "Finished"


def test_what_was_typed_stays_beside_the_message_about_it() -> None:
    at = open_page("linear-pipeline")
    start(at, PIPELINE, values={"text": ""})
    assert "'Text' is empty. Fill it in." in texts(at)
    assert badges(at) == ["Not started"]
    assert at.text_area(key="linear-pipeline_0_text").value == ""


def test_one_field_at_fault_leaves_the_others_as_they_were_typed() -> None:
    at = open_page("approval-gate")
    start(at, GATE, values={"recipient": "", "request": "Something new"})
    assert "'Recipient' is empty. Fill it in." in texts(at)
    assert at.text_area(key="approval-gate_0_request").value == "Something new"


def test_a_message_about_input_is_gone_after_the_next_run() -> None:
    at = open_page("linear-pipeline")
    start(at, PIPELINE, values={"text": ""})
    start(at, PIPELINE, values={"text": "A text."})
    assert not any("is empty" in text for text in texts(at))
    assert badges(at) == ["Finished"]


def test_a_failed_lane_shows_its_node_s_error_and_can_be_tried_again() -> None:
    at = open_page("linear-pipeline")
    start(at, PIPELINE, 2)
    assert badges(at) == ["Failed"]
    failed = next(found for found in at.expander if "`clean`" in found.label)
    assert "The text has no word in it" in failed.text[0].value
    press(at, "linear-pipeline_pipeline_again")
    assert badges(at) == ["Failed"]


def test_a_new_thread_clears_the_lanes_and_the_old_one_stays_in_the_list(pages_lab: Lab) -> None:
    at = open_page("linear-pipeline")
    start(at, PIPELINE)
    press(at, "linear-pipeline_new")
    assert badges(at) == ["Not started"]
    assert "thread" not in at.query_params
    assert len(pages_lab.workspace(LOCAL).threads.newest()) == 1


def test_a_second_run_is_a_thread_of_its_own(pages_lab: Lab) -> None:
    at = open_page("linear-pipeline")
    start(at, PIPELINE)
    first = at.query_params["thread"]
    press(at, "linear-pipeline_run")
    assert at.query_params["thread"] != first
    assert len(pages_lab.workspace(LOCAL).threads.newest()) == 2


def test_a_conversation_goes_on_in_the_same_thread(pages_lab: Lab) -> None:
    at = open_page("conversation-memory")
    start(at, MEMORY)
    first = at.query_params["thread"]
    assert at.text_input(key="conversation-memory_0_0_message").value == "What is my name?"
    press(at, "conversation-memory_run")
    assert "Your name is Alice." in texts(at)
    assert at.query_params["thread"] == first
    assert len(pages_lab.workspace(LOCAL).threads.newest()) == 2


def test_an_example_that_has_no_further_message_says_so_instead_of_only_emptying_the_field() -> None:
    at = open_page("conversation-memory")
    start(at, MEMORY)
    assert not any("no further message" in found.value for found in at.caption)
    press(at, "conversation-memory_run")
    assert at.text_input(key="conversation-memory_0_1_message").value == ""
    assert any("no further message" in found.value for found in at.caption)


@pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
def test_the_code_tab_shows_the_very_file_of_the_pattern(pattern: Pattern) -> None:
    at = open_page(pattern.slug, tab="Code")
    (file,) = GRAPHS.glob(f"*/{pattern.slug.replace('-', '_')}.py")
    assert at.code[-1].value.strip() == file.read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("file", GRAPH_FILES, ids=lambda file: file.stem)
def test_the_code_tab_shows_the_texts_and_examples_of_the_pattern_a_click_away(file: Path) -> None:
    at = open_page(file.stem.replace("_", "-"), tab="Code")
    at.segmented_control(key=f"source_{file.stem}").set_value(demo_file(file).name).run()
    assert at.code[-1].value.strip() == demo_file(file).read_text(encoding="utf-8").strip()


def test_the_code_tab_shows_the_calls_that_were_just_made() -> None:
    at = open_page("linear-pipeline", tab="Code")
    start(at, PIPELINE)
    assert str(at.query_params["thread"]) in at.code[0].value


def test_the_pages_say_which_model_answered() -> None:
    at = open_page("linear-pipeline")
    start(at, PIPELINE)
    assert any(found.value == "Answered by: offline script" for found in at.caption)


def test_without_a_workspace_cookie_a_page_shows_no_thread_and_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, cookies: dict[str, str], pages_lab: Lab
) -> None:
    monkeypatch.setattr(pages_lab, "settings", pages_lab.settings.model_copy(update={"workspaces": "own"}))
    assert "workspace cookie" in open_page("threads").error[0].value
    cookies[COOKIE] = "made-up"
    assert "workspace cookie" in open_page("threads").error[0].value
    cookies[COOKIE] = str(Visitors(pages_lab.secret, "own").admit(None, near=True))
    assert not open_page("threads").error


def test_an_example_that_is_chosen_fills_the_form() -> None:
    at = open_page("linear-pipeline")
    choose_example(at, PIPELINE, 1)
    assert at.text_area(key="linear-pipeline_1_text").value == PIPELINE.examples[1].input["text"]


def test_the_input_folds_to_a_line_that_names_it_once_it_runs_and_opens_for_a_new_thread() -> None:
    at = open_page("linear-pipeline")
    assert [(found.label, found.proto.expanded) for found in at.expander if "Input" in found.label] == [("Input", True)]
    start(at, find("linear-pipeline"))
    ((label, expanded),) = [(found.label, found.proto.expanded) for found in at.expander if "Input" in found.label]
    assert label.startswith("Input: The migration finished on Friday night")
    assert not expanded
    press(at, "linear-pipeline_new")
    assert [(found.label, found.proto.expanded) for found in at.expander if "Input" in found.label] == [("Input", True)]
