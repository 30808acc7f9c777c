"""Where things stand on a page in a real browser: a link leads to what it names, and what one holds stays in place."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lab.lab import Lab
from lab.workspace_cookie import LOCAL
from tests.support.browser_verbs import becomes, idle, keyed, visit
from tests.support.labs import quiet
from tests.support.pattern_journeys import choose_example, open_input, run, running_lab, stands, streams
from tests.support.servers import LabServer

PIPELINE = "linear-pipeline_pipeline"


@dataclass(frozen=True)
class Here:
    """A server, a thread of 21 checkpoints on five branches, and the first of them."""

    server: LabServer
    thread: str
    root: str


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    data: Path = tmp_path_factory.mktemp("places")
    lab = Lab(quiet(str(data / "lab.sqlite")))
    visitor = lab.workspace(LOCAL)
    thread = visitor.start("linear-pipeline", "pipeline", {"text": "One. Two. Three."}).thread_id
    assert visitor.wait(thread)
    early = visitor.history.page(thread).rows[1].checkpoint_id
    for _ in range(4):
        visitor.travel.replay(thread, early)
        assert visitor.wait(thread)
    root = visitor.history.page(thread).rows[0].checkpoint_id
    lab.close()
    with running_lab(data, {"LAB_PACE": "30"}) as server:
        yield Here(server, thread, root)


def test_a_link_to_a_checkpoint_brings_what_it_names_into_view_and_a_plain_one_stays_at_the_top(
    here: Here, page: Page
) -> None:
    visit(page, f"{here.server.url}/linear-pipeline?thread={here.thread}")
    expect(page.get_by_role("heading", name="Linear pipeline")).to_be_in_viewport()
    visit(page, f"{here.server.url}/linear-pipeline?thread={here.thread}&checkpoint={here.root}")
    expect(page.get_by_text("After step -1").first).to_be_in_viewport()
    idle(page)
    # Once: whoever scrolls back up isn't pulled down again.
    page.mouse.wheel(0, -1)
    page.get_by_test_id("stMain").evaluate("main => { main.scrollTop = 0 }")
    open_input(page)
    choose_example(page, "linear-pipeline", 1)
    expect(page.get_by_role("heading", name="Linear pipeline")).to_be_in_viewport()


def test_the_slider_stays_under_the_pointer_and_in_focus_where_the_table_turns_its_page(here: Here, page: Page) -> None:
    visit(page, f"{here.server.url}/explorer?thread={here.thread}")
    # The tree above the slider is drawn by a module of its own, once that is loaded.
    expect(page.locator(".ct-name.chosen").last).to_contain_text("branch 5")
    handle = page.get_by_test_id("stMain").get_by_role("slider").first
    handle.focus()
    before = handle.bounding_box()
    assert before
    for step in (3, 2, 1, 0, -1):
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_text(f"After step {step}").first).to_be_visible()
        idle(page)
        after = handle.bounding_box()
        assert after
        assert abs(after["y"] - before["y"]) < 3
        expect(handle).to_be_focused()
    # And back along the branch that it came from.
    for step in (0, 1, 2, 3, 4):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_text(f"After step {step}").first).to_be_visible()
        idle(page)
    expect(page.locator(".ct-name.chosen").last).to_contain_text("branch 5")


def test_the_toolbar_of_the_table_covers_neither_its_heads_nor_the_filters(here: Here, page: Page) -> None:
    visit(page, f"{here.server.url}/explorer?thread={here.thread}")
    table = page.locator("[class*='st-key-rows_']").first
    table.hover()
    toolbar = table.get_by_test_id("stElementToolbar")
    expect(toolbar).to_be_visible()
    top, over = table.bounding_box(), toolbar.bounding_box()
    filters = keyed(page, f"above_{here.thread}").get_by_test_id("stCaptionContainer").bounding_box()
    assert top
    assert over
    assert filters
    assert over["y"] + over["height"] <= top["y"] + 1
    assert over["x"] >= filters["x"] + filters["width"]


def test_a_thread_at_work_offers_nothing_to_replay(here: Here, page: Page) -> None:
    run(page, here.server, "linear-pipeline")
    stands(page, PIPELINE, "Finished")
    idle(page)
    thread = page.url.partition("thread=")[2][:36]
    visit(page, f"{here.server.url}/linear-pipeline?thread={thread}&view=Replay")
    # An earlier step than the end, from which a model has something to say.
    page.locator("svg.ct .it[data-id]").nth(1).click()
    replay = keyed(page, f"replay_{thread}").get_by_role("button")
    expect(replay).to_be_visible()
    replay.click()
    streams(page, PIPELINE)
    stands(page, PIPELINE, "Running")
    expect(replay).to_have_count(0)
    expect(page.get_by_text("The thread is running.")).to_be_visible()
    expect(keyed(page, f"did_{thread}")).to_contain_text("Replayed from step 0")
    stands(page, PIPELINE, "Finished")
    expect(keyed(page, f"did_{thread}")).to_contain_text("It has reached its end.")
    keyed(page, f"did_show_{thread}").get_by_role("button").click()
    expect(keyed(page, f"lane_{PIPELINE}").get_by_role("heading")).to_be_in_viewport()


@pytest.mark.parametrize("slug", ["escalation", "validated-recovery"])
def test_the_buttons_beside_a_conversation_s_form_stand_in_one_line(here: Here, page: Page, slug: str) -> None:
    run(page, here.server, slug)
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    idle(page)
    buttons = [keyed(page, f"{slug}_{name}") for name in ("play", "stop", "new")]
    for width, height in ((1440, 900), (1280, 720)):
        page.set_viewport_size({"width": width, "height": height})
        becomes(page, lambda: len({round(box["y"]) for one in buttons if (box := one.bounding_box())}), 1)
