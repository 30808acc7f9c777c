"""Play in a real browser: examples play to their end, and a person pauses, goes on and takes over."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from graphs.catalogue import find
from graphs.pattern import Pattern
from tests.support.browser_verbs import answered, click, idle, keyed, visit
from tests.support.pattern_journeys import OWN, choose_example, running_lab, stands, thread_of
from tests.support.servers import LabServer

PLAYED = re.compile("played to its end")


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with running_lab(tmp_path_factory.mktemp("slow-play"), {**OWN, "LAB_PLAY_SECONDS": "60"}) as running:
        yield running


def play(page: Page, server: LabServer, slug: str, number: int) -> Pattern:
    visit(page, f"{server.url}/{slug}")
    choose_example(page, slug, number)
    click(page, f"{slug}_play", settle=False)
    return find(slug)


@pytest.mark.timeout(240)  # One of them starts and kills six processes.
@pytest.mark.parametrize(
    ("slug", "number"),
    [("expense-approval", 2), ("time-travel", 0), ("conversation-memory", 1), ("crash-recovery", 2)],
)
def test_an_example_plays_to_its_end(page: Page, server: LabServer, slug: str, number: int) -> None:
    pattern = play(page, server, slug, number)

    expect(page.get_by_role("status").filter(has_text=PLAYED)).to_be_visible(timeout=180_000)
    idle(page)
    for lane in pattern.lanes:
        stands(page, f"{slug}_{lane.key}", "Finished")


def test_a_play_is_paused_gone_on_with_and_taken_over(page: Page, slow_server: LabServer) -> None:
    slug = "expense-approval"
    play(page, slow_server, slug, 2)
    told, clock = page.get_by_role("status"), keyed(page, "play_bar").get_by_text(re.compile(r"^in \d+ s$"))
    expect(told.filter(has_text="Next in Pause on every request, as the manager Maya: write")).to_be_visible()
    expect(clock).to_be_visible()
    resume = keyed(page, f"{slug}_static_continue").get_by_role("button")
    expect(resume).to_have_css("outline-style", "double")
    assert thread_of(page)

    # The page's script is at work all the time; a press comes through at once.
    click(page, f"{slug}_play_pause")
    expect(told.filter(has_text="Paused. Next in Pause on every request")).to_be_visible()
    expect(clock).to_have_count(0)
    click(page, f"{slug}_play_next")
    expect(told.filter(has_text="Paused. Next in Ask above the limit, as the manager")).to_be_visible()
    click(page, f"{slug}_play_pause", settle=False)
    expect(clock).to_be_visible()
    click(page, f"{slug}_play_off")
    expect(told.filter(has_text="Next")).to_have_count(0)
    for name in ("Act as Maya", "Send answer"):
        with answered(page):
            keyed(page, f"lane_{slug}_dynamic").get_by_role("button", name=name).click()
    expect(keyed(page, f"lane_{slug}_dynamic").get_by_text("Does the director approve")).to_be_visible()


def test_stop_ends_a_play_with_its_runs_and_the_thread_is_gone_on_with_by_hand(
    page: Page, slow_server: LabServer
) -> None:
    slug = "linear-pipeline"
    visit(page, f"{slow_server.url}/{slug}")
    keyed(page, "pace").get_by_role("slider").press("Home")
    idle(page)
    click(page, f"{slug}_play", settle=False)
    expect(page.get_by_role("status").filter(has_text="Playing")).to_be_visible()
    click(page, f"{slug}_stop")
    expect(page.get_by_role("status").filter(has_text="Play")).to_have_count(0)
    stands(page, f"{slug}_pipeline", "Stopped")
    keyed(page, "pace").get_by_role("slider").press("End")
    idle(page)
    click(page, f"{slug}_pipeline_again")
    stands(page, f"{slug}_pipeline", "Finished")
