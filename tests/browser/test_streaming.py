"""Runs in a real browser: answers come side by side, and nothing that a visitor does meanwhile disturbs them."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser_verbs import answered, becomes, click, keyed, visit
from tests.support.openai_server import Gate, OpenAIServer, Text
from tests.support.pattern_journeys import (
    LONG,
    MAIL,
    choose,
    choose_real_model,
    draft,
    open_input,
    running_lab,
    said,
    stands,
    step_names,
    streams,
    thread_of,
    threads_beside,
    type_in,
)
from tests.support.servers import LabServer

STATIC, INTERRUPT = "approval-gate_static", "approval-gate_interrupt"
BOTH = (STATIC, INTERRUPT)
WORDS = [f"word{number}" for number in range(1, 61)]
WHOLE = " ".join(WORDS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model: OpenAIServer) -> Iterator[LabServer]:
    env = {
        "LAB_WORKSPACES": "own",
        # So slow that no run of the offline script ends by itself while a test looks at it.
        "LAB_PACE": "1",
        "OPENAI_BASE_URL": model.url,
        "OPENAI_API_KEY": "sk-test",
    }
    with running_lab(tmp_path_factory.mktemp("streaming"), env) as running:
        yield running


@pytest.fixture
def gate(model: OpenAIServer) -> Iterator[Gate]:
    """Hold the model's answers after their 20th word, until the test lets them go on."""
    gate = Gate(after(20))
    model.answer(Text(WHOLE, gate=gate))
    yield gate
    gate.let_pass()


def after(words: int) -> int:
    """Return the number of pieces that an answer of so many words has: an empty one comes first."""
    return words + 1


@pytest.fixture
def held(server: LabServer, gate: Gate, page: Page) -> Page:
    """Provide the page of a run both of whose answers are held in their middle."""
    run_by_model(page, server)
    for lane in BOTH:
        has_said(page, lane, 20)
    return page


def run_by_model(page: Page, server: LabServer) -> None:
    """Start a run that the real model answers, without waiting for anything."""
    visit(page, f"{server.url}/approval-gate")
    choose_real_model(page)
    type_in(page, "approval-gate", MAIL)
    click(page, "approval-gate_run", settle=False)


def has_said(page: Page, lane: str, words: int) -> None:
    """Wait until the model has said so many words in that lane, and no more."""
    expect(said(page, lane)).to_have_text([" ".join(WORDS[:words])], use_inner_text=True)


def ends_whole(page: Page, server: LabServer) -> None:
    """Say that both drafts came to their end, whole and once, in two threads."""
    stands(page, STATIC, "Paused")
    stands(page, INTERRUPT, "Waiting for an answer")
    for lane in BOTH:
        has_said(page, lane, 60)
        expect(step_names(page, lane).filter(has_text="draft")).to_have_count(1)
    assert threads_beside(server, thread_of(page)) == ["interrupt", "static"]


def test_two_lanes_stream_side_by_side(server: LabServer, gate: Gate, held: Page) -> None:
    for words in (30, 40, 50):
        gate.let_pass(after(words))
        for lane in BOTH:
            has_said(held, lane, words)
            stands(held, lane, "Running")
    gate.let_pass()
    ends_whole(held, server)


def open_a_tab(page: Page) -> None:
    page.get_by_role("tab", name="Events").click()


def look_into_the_other_lane(page: Page) -> None:
    choose(page, "approval-gate_lane", "Interrupt and resume")


def choose_another_example(page: Page) -> None:
    open_input(page)
    choose(page, "approval-gate_example", "Nobody decides")


def press_a_node(page: Page) -> None:
    keyed(page, f"graph_{STATIC}").locator(".nd[data-n=draft]").click()
    large = page.get_by_role("dialog", name="Graph of")
    expect(large.get_by_role("img", name="draft")).to_be_visible()
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)


def reload(page: Page) -> None:
    page.reload()


def leave_and_go_back(page: Page) -> None:
    page.get_by_role("link", name="Threads").click()
    expect(page.get_by_role("heading", name="Threads")).to_be_visible()
    page.go_back()


def leave_and_return_by_the_menu(page: Page) -> None:
    page.get_by_role("link", name="Breakpoints").click()
    expect(page.get_by_role("heading", name="Breakpoints")).to_be_visible()
    keyed(page, "menu").get_by_role("link", name="Approval gate").click()


@pytest.mark.parametrize(
    "act",
    [
        open_a_tab,
        look_into_the_other_lane,
        choose_another_example,
        press_a_node,
        reload,
        leave_and_go_back,
        leave_and_return_by_the_menu,
    ],
    ids=lambda act: act.__name__,
)
def test_a_run_goes_on_undisturbed_through(
    act: Callable[[Page], None], server: LabServer, gate: Gate, held: Page
) -> None:
    act(held)
    for lane in BOTH:
        stands(held, lane, "Running")
    gate.let_pass()
    ends_whole(held, server)


def test_a_second_tab_shows_the_same_run_and_its_end(server: LabServer, gate: Gate, held: Page) -> None:
    other = held.context.new_page()
    thread_of(held)
    other.goto(held.url)
    for lane in BOTH:
        has_said(other, lane, 20)
    gate.let_pass()
    ends_whole(held, server)
    ends_whole(other, server)


def test_stop_cuts_both_answers_and_keeps_what_was_said(server: LabServer, model: OpenAIServer, page: Page) -> None:
    # A minute and a half: neither answer ends by itself before it's stopped.
    endless = " ".join(f"word{number}" for number in range(1, 1001))
    model.answer(Text(endless, pace=0.1))
    run_by_model(page, server)
    for lane in BOTH:
        streams(page, lane)
    click(page, "approval-gate_stop")
    for lane in BOTH:
        stands(page, lane, "Stopped")
        said_in_part(page, lane, endless)


def said_in_part(page: Page, lane: str, whole: str) -> None:
    """Wait until the lane shows the beginning of that text, and not all of it."""
    kept = said(page, lane)
    becomes(page, lambda: 20 < len(kept.inner_text()) < len(whole) and whole.startswith(kept.inner_text()), True)


def test_a_stopped_run_goes_on_to_its_end_when_told(server: LabServer, model: OpenAIServer, page: Page) -> None:
    model.answer(Text(WHOLE, pace=1))
    run_by_model(page, server)
    streams(page, INTERRUPT)
    click(page, "approval-gate_stop")
    stands(page, INTERRUPT, "Stopped")
    model.answer(Text(WHOLE))
    click(page, f"{INTERRUPT}_again")
    stands(page, INTERRUPT, "Waiting for an answer")
    expect(said(page, INTERRUPT).last).to_have_text(WHOLE, use_inner_text=True)
    assert threads_beside(server, thread_of(page)) == ["interrupt", "static"]


def test_the_graph_lights_up_with_the_run(gate: Gate, held: Page) -> None:
    now = keyed(held, f"lane_{STATIC}").locator(".lg-now")
    expect(now).to_contain_text("draft: running")
    gate.let_pass()
    expect(now).to_contain_text("draft: done")
    expect(now).to_contain_text("await_approval: paused")


def test_a_chosen_pace_holds_for_the_next_run(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/approval-gate")
    with answered(page):
        keyed(page, "pace").get_by_role("slider").press("End")
    type_in(page, "approval-gate", {"request": LONG})
    click(page, "approval-gate_run", settle=False)
    # At the server's own pace the draft alone would take more than twice as long as anybody waits here.
    assert len(draft(LONG).split()) > 60
    stands(page, STATIC, "Paused", seconds=30)
    expect(said(page, STATIC)).to_have_text([draft(LONG)], use_inner_text=True)
