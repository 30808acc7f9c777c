"""An example's promises: what a person does in it is told on the page and filled in on the cards."""

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import CATALOGUE, find
from graphs.pattern import Edit, Go, Pattern, Reply, Step, WayBack
from lab.jsonable import Json
from lab.lab import Lab
from lab.state import value_text
from tests.support.app_pages import act_as, badges, choose_example, markdowns, open_page, press, start
from ui.lanes import in_words
from ui.lanes.example_steps import NOTHING, filled

EXPENSE, TRAVEL = find("expense-approval"), find("time-travel")

pytestmark = pytest.mark.usefixtures("pages_lab")


@pytest.mark.parametrize("kind", [Reply, Edit, WayBack], ids=lambda kind: kind.__name__)
def test_a_card_is_filled_in_only_with_a_step_that_it_is_for(kind: type[Reply | Edit | WayBack]) -> None:
    example = EXPENSE.examples[2]
    steps = (Reply({"decision": "approved"}), Edit({"decision": "approved"}), WayBack("pay", {"amount": 5}))
    filled_in = [filled(example, step, kind) for step in (*steps, Go(), None)]

    assert [one == NOTHING for one in filled_in] == [not isinstance(step, kind) for step in (*steps, Go(), None)]
    assert filled(None, steps[0], Reply) == NOTHING


def pieces(value: Json) -> list[Json]:
    """Return what stands in a step's values, and in the decisions on tool calls among them."""
    if isinstance(value, list):
        return [inner for one in value for inner in pieces(one)]
    if isinstance(value, dict):
        named = {name: one for name, one in value.items() if "args" not in value or name == "args"}
        return [inner for one in named.values() for inner in pieces(one)]
    return [value] if value != "" else []


def _own(step: Step) -> list[Json]:
    """Return the answers of a step to single questions."""
    return [*step.by_tool.values(), *step.by_word.values()] if isinstance(step, Reply) else []


@pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
def test_the_page_tells_every_step_of_every_example(pattern: Pattern) -> None:
    for example in pattern.examples:
        lines = [line.replace("\\", "").replace("\u2060", "") for line in in_words(pattern, example)]

        assert bool(lines) == any(example.steps.values())
        for lane in pattern.lanes:
            for step in example.steps.get(lane.key, ()):
                values = getattr(step, "values", None) or getattr(step, "input", None) or getattr(step, "value", {})
                for value in pieces([values, *_own(step)]):
                    begins = value_text(value).splitlines()[0][:30]
                    assert any(begins.lower() in line.lower() for line in lines)
                assert any((getattr(step, "who", "") or "") in line for line in lines)
                assert any((getattr(step, "person", "") or "") in line for line in lines)


@pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
def test_an_example_that_names_somebody_says_where_they_act(pattern: Pattern) -> None:
    for example in pattern.examples:
        told = " ".join(in_words(pattern, example))
        for who in ("manager", "director"):
            assert who not in example.label or who in told


def pressed(at: AppTest, prefix: str, endings: tuple[str, ...]) -> bool:
    found = [str(button.key) for button in at.button if str(button.key).startswith(prefix)]
    key = next((key for key in found if key.endswith(endings)), None)
    if key is not None:
        press(at, key)
    return key is not None


def test_an_example_is_played_to_its_end_by_pressing_buttons_alone(pages_lab: Lab) -> None:
    at = open_page(EXPENSE.slug)
    start(at, EXPENSE, 4)
    assert "The example does it as the manager Maya." in markdowns(at)
    for lane in EXPENSE.lanes:
        while badges(at)[EXPENSE.lanes.index(lane)] != "Finished":
            prefix = f"expense-approval_{lane.key}_"
            assert pressed(at, prefix, ("_as_0",)) or pressed(at, prefix, ("_send", "_continue"))
    here = pages_lab.workspace("local")
    ends = [here.history.snapshot(thread.thread_id) for thread in here.threads.newest()]

    assert badges(at) == ["Finished", "Finished"]
    for end in ends:
        assert end is not None
        assert [(one["by"], one["decision"], one["note"]) for one in end.values["decisions"]] == [
            ("manager", "approved", ""),
            ("director", "rejected", "This year's budget is spent."),
        ]


@pytest.mark.parametrize("number", range(len(TRAVEL.examples)))
def test_a_way_back_goes_where_the_example_s_label_says(pages_lab: Lab, number: int) -> None:
    at = open_page(TRAVEL.slug)
    start(at, TRAVEL, number)
    press(at, "time-travel_fork_back")
    (step,) = TRAVEL.examples[number].steps["fork"]
    assert isinstance(step, WayBack)
    here = pages_lab.workspace("local")
    thread = next(one.thread_id for one in here.threads.newest() if one.lane == "fork")
    rows = here.history.page(thread, limit=50).rows
    forked = next(row for row in rows if row.source == "update")
    end = here.history.snapshot(thread)

    assert step.to in forked.next
    assert end is not None
    assert {name: end.values[name] for name in step.values} == step.values
    assert "no field was changed" not in markdowns(at)


def test_an_example_that_is_only_chosen_fills_in_nothing_of_another_s_thread() -> None:
    at = open_page(EXPENSE.slug)
    start(at, EXPENSE, 1)
    choose_example(at, EXPENSE, 3)
    said = markdowns(at)

    assert "Buy it through" in said
    assert f"as in the example “{EXPENSE.examples[1].label}" in said.replace("\\", "")
    act_as(at, "Maya")
    press(at, next(str(button.key) for button in at.button if str(button.key).endswith("_send")))
    assert badges(at)[1] == "Finished"
