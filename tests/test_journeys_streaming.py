"""Runs in a real browser: answers come side by side, and nothing that a visitor does meanwhile disturbs them."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import click, idle, keyed, visit
from tests.journeys import (
    LONG,
    MAIL,
    PACE,
    choose,
    draft,
    run,
    running_lab,
    said,
    stands,
    step_names,
    streams,
    thread_of,
    threads_beside,
)
from tests.servers import LabServer

STATIC, INTERRUPT = "approval-gate_static", "approval-gate_interrupt"

SAMPLE = """lanes => {
  window.samples = []
  const length = lane => {
    const said = document.querySelector(`.st-key-stream_${lane} [aria-label='Chat message from assistant'] .stText`)
    return said ? said.innerText.length : 0
  }
  setInterval(() => samples.push(lanes.map(length)), 30)
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with running_lab(tmp_path_factory.mktemp("streaming"), PACE) as running:
        yield running


def ends_whole(page: Page, server: LabServer) -> None:
    """Says that both drafts came to their end, whole and once, in two threads."""
    stands(page, STATIC, "Paused")
    stands(page, INTERRUPT, "Waiting for an answer")
    for lane in (STATIC, INTERRUPT):
        expect(said(page, lane)).to_have_text([draft(LONG)], use_inner_text=True)
        assert step_names(page, lane).count("draft") == 1
    assert threads_beside(server, thread_of(page)) == ["interrupt", "static"]


def test_two_lanes_stream_side_by_side(server: LabServer, page: Page) -> None:
    run(page, server, "approval-gate", MAIL)
    page.evaluate(SAMPLE, [STATIC, INTERRUPT])
    ends_whole(page, server)
    samples: list[list[int]] = page.evaluate("samples")
    whole = len(draft(LONG))
    both = [sample for sample in samples if all(0 < length < whole for length in sample)]
    assert len({first for first, _ in both}) > 5, "The first lane didn't grow while the second one did."
    assert len({second for _, second in both}) > 5, "The second lane didn't grow while the first one did."


def open_a_tab(page: Page) -> None:
    page.get_by_role("tab", name="Events").click()


def look_into_the_other_lane(page: Page) -> None:
    choose(page, "approval-gate_lane", "Interrupt and resume")


def choose_another_example(page: Page) -> None:
    choose(page, "approval-gate_example", "Nobody decides")


def press_a_node(page: Page) -> None:
    keyed(page, f"graph_{STATIC}").locator(".nd[data-n=draft]").click()


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
def test_a_run_goes_on_undisturbed_through(act: Callable[[Page], None], server: LabServer, page: Page) -> None:
    run(page, server, "approval-gate", MAIL)
    streams(page, STATIC)
    streams(page, INTERRUPT)
    stands(page, STATIC, "Running")
    act(page)
    ends_whole(page, server)


def test_a_second_tab_shows_the_same_run_and_its_end(server: LabServer, page: Page) -> None:
    run(page, server, "approval-gate", MAIL)
    streams(page, STATIC)
    other = page.context.new_page()
    other.goto(page.url)
    streams(other, STATIC)
    ends_whole(page, server)
    ends_whole(other, server)


def test_stop_cuts_both_answers_within_a_second_and_keeps_what_was_said(server: LabServer, page: Page) -> None:
    run(page, server, "approval-gate", MAIL)
    streams(page, STATIC)
    streams(page, INTERRUPT)
    click(page, "approval-gate_stop", settle=False)
    stands(page, STATIC, "Stopped", seconds=1)
    stands(page, INTERRUPT, "Stopped", seconds=1)
    idle(page)
    for lane in (STATIC, INTERRUPT):
        kept = said(page, lane).inner_text()
        assert draft(LONG).startswith(kept)
        assert 20 < len(kept) < len(draft(LONG))


def test_a_stopped_run_goes_on_to_its_end_when_told(server: LabServer, page: Page) -> None:
    run(page, server, "approval-gate", MAIL)
    streams(page, INTERRUPT)
    click(page, "approval-gate_stop")
    stands(page, INTERRUPT, "Stopped")
    click(page, f"{INTERRUPT}_again")
    stands(page, INTERRUPT, "Waiting for an answer")
    expect(said(page, INTERRUPT).last).to_have_text(draft(LONG), use_inner_text=True)
    assert threads_beside(server, thread_of(page)) == ["interrupt", "static"]


def test_the_graph_lights_up_with_the_run(server: LabServer, page: Page) -> None:
    run(page, server, "approval-gate", MAIL)
    streams(page, STATIC)
    now = keyed(page, f"lane_{STATIC}").locator(".lg-now")
    expect(now).to_contain_text("draft: running")
    stands(page, STATIC, "Paused")
    expect(now).to_contain_text("draft: done")
    expect(now).to_contain_text("await_approval: paused")


def test_a_chosen_pace_holds_for_the_next_run(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/approval-gate")
    keyed(page, "pace").get_by_role("slider").press("End")
    idle(page)
    keyed(page, "approval-gate_0_request").get_by_role("textbox").fill(LONG)
    click(page, "approval-gate_run", settle=False)
    stands(page, STATIC, "Paused", seconds=2)
