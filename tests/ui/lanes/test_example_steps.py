"""An example's promises: what a person does in it is told on the page and filled in on the cards."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from graphs.catalogue import CATALOGUE, find
from graphs.pattern import Edit, Example, Go, Lane, Pattern, Recover, Reply, WayBack
from lab.events import ThreadView
from lab.lab import Lab
from lab.state import value_text
from tests.support.app_pages import badges, choose_example, markdowns, open_page, press, start
from tests.support.example_player import ended, take
from ui.lanes import in_words
from ui.lanes.example_steps import example_of, next_edit, next_reply, next_travel

WITH_STEPS = [
    pytest.param(pattern, lane, example, id=f"{pattern.slug}-{lane.key}-{example.label}")
    for pattern in CATALOGUE
    for example in pattern.examples
    for lane in pattern.lanes
    if any(isinstance(step, Reply | Edit | WayBack) for step in example.steps.get(lane.key, ()))
    and example.input.get(pattern.crash_field, "never") == "never"
]
EXPENSE, TRAVEL = find("expense-approval"), find("time-travel")

pytestmark = pytest.mark.usefixtures("pages_lab")


def offered(
    pattern: Pattern, lane: Lane, example: Example, view: ThreadView
) -> Iterator[Reply | Edit | WayBack | None]:
    view.catch_up()
    found = example_of(pattern, view, pattern.examples.index(example))
    assert found is example
    yield from (next_reply(found, lane, view), next_edit(found, lane, view), next_travel(found, lane, view))


@pytest.mark.parametrize(("pattern", "lane", "example"), WITH_STEPS)
def test_each_card_is_filled_in_with_what_the_example_does_there(
    pages_lab: Lab, pattern: Pattern, lane: Lane, example: Example
) -> None:
    here = pages_lab.workspace("tests")
    thread_id = here.start(pattern.slug, lane.key, example.input, pace=0, breakpoints=example.breakpoints).thread_id
    ended(here, thread_id)
    for step in example.steps[lane.key]:
        if isinstance(step, Reply | Edit | WayBack):
            assert step in offered(pattern, lane, example, here.view(thread_id))
        if isinstance(step, Reply | Edit | WayBack | Go | Recover):
            take(here, thread_id, step, example)
            ended(here, thread_id)

    assert [one for one in offered(pattern, lane, example, here.view(thread_id)) if one is not None] == []


@pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
def test_the_page_tells_every_step_of_every_example(pattern: Pattern) -> None:
    for example in pattern.examples:
        lines = [line.replace("\\", "") for line in in_words(pattern, example)]

        assert bool(lines) == any(example.steps.values())
        for lane in pattern.lanes:
            for step in example.steps.get(lane.key, ()):
                values = getattr(step, "values", None) or getattr(step, "input", None) or getattr(step, "value", {})
                for value in values.values():
                    begins = value_text(value).splitlines()[0][:30]
                    assert any(begins.lower() in line.lower() for line in lines)
                assert any((getattr(step, "who", "") or "") in line for line in lines)


@pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
def test_an_example_that_names_somebody_says_where_they_act(pattern: Pattern) -> None:
    for example in pattern.examples:
        told = " ".join(in_words(pattern, example))
        for who in ("manager", "director"):
            assert who not in example.label or who in told


def test_another_input_is_no_example_s(pages_lab: Lab) -> None:
    here = pages_lab.workspace("tests")
    thread_id = here.start(EXPENSE.slug, "dynamic", {"description": "My own", "amount": 500}, pace=0).thread_id
    ended(here, thread_id)
    view = here.view(thread_id)
    view.catch_up()

    assert example_of(EXPENSE, view, 1) is None


def pressed(at: AppTest, prefix: str, endings: tuple[str, ...]) -> bool:
    found = [str(button.key) for button in at.button if str(button.key).startswith(prefix)]
    key = next((key for key in found if key.endswith(endings)), None)
    if key is not None:
        press(at, key)
    return key is not None


def test_an_example_is_played_to_its_end_by_pressing_buttons_alone(pages_lab: Lab) -> None:
    at = open_page(EXPENSE.slug)
    start(at, EXPENSE, 4)
    assert "You are the manager here." in markdowns(at)
    for lane in EXPENSE.lanes:
        while badges(at)[EXPENSE.lanes.index(lane)] != "Finished":
            assert pressed(at, f"expense-approval_{lane.key}_", ("_send", "_continue"))
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
    press(at, next(str(button.key) for button in at.button if str(button.key).endswith("_send")))
    assert badges(at)[1] == "Finished"
