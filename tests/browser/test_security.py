"""What strangers can't do in a real browser: see each other's threads, or have their text become part of the page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Cookie, Page, expect

from lab.errors import UnknownThread
from lab.workspace_cookie import COOKIE
from tests.support.browser_verbs import Watch, becomes, click, idle, keyed, visit
from tests.support.fixtures_servers import opened
from tests.support.openai_server import OpenAIServer, Text
from tests.support.pattern_journeys import OWN, choose_real_model, run, running_lab, said, stands, thread_of, type_in
from tests.support.servers import LabServer
from tests.support.visitors import comes_with

GATE, PIPELINE = "approval-gate_interrupt", "linear-pipeline_pipeline"

HOSTILE = (
    "<script>window.hit=1</script> <img src=x onerror=window.hit=2> <b id=made>bold</b> "
    "![x](http://192.0.2.1/x.png) [y](javascript:window.hit=3) </style><svg onload=window.hit=4> "
    '"><iframe srcdoc="<script>parent.hit=5</script>"></iframe> {{7*7}} `code` $a$ :red[red] # head '
    "https://example.org/x www.example.org who@example.org"
)
INVISIBLE = "before\u202eafter \u0007bell \u200bzero"
NAMED = "before⟨U+202E⟩after ␇bell ⟨U+200B⟩zero"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model: OpenAIServer) -> Iterator[LabServer]:
    env = {**OWN, "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-test"}
    with running_lab(tmp_path_factory.mktemp("security"), env) as running:
        yield running


def stays_text(page: Page, watch: Watch) -> None:
    """Say that nothing of the hostile text became an element, a script, a request or an error."""
    made = "#made, img[src*='192.0.2.1'], img[src$='/x'], iframe[srcdoc], svg[onload]"
    expect(page.locator(made)).to_have_count(0)
    leads_away = "[...document.querySelectorAll('a[href]')].filter(a => a.origin !== location.origin).map(a => a.href)"
    assert page.evaluate(leads_away) == []
    assert page.evaluate("window.hit") is None
    assert watch.outside == []
    assert watch.errors == []
    assert [line for line in watch.console if "404" not in line] == []


def every_tab(page: Page) -> Iterator[str]:
    for name in ("Checkpoints", "Timeline", "Events", "Code"):
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        idle(page)
        yield name


def test_hostile_input_stays_text_wherever_it_is_shown(server: LabServer, page: Page, watch: Watch) -> None:
    run(page, server, "approval-gate", {"request": HOSTILE})
    stands(page, GATE, "Waiting for an answer")
    expect(keyed(page, f"lane_{GATE}").get_by_text("<script>window.hit=1</script>").first).to_be_visible()
    for _ in every_tab(page):
        stays_text(page, watch)


def test_hostile_input_stays_text_in_the_list_of_threads(server: LabServer, page: Page, watch: Watch) -> None:
    run(page, server, "linear-pipeline", {"text": HOSTILE[:60] + HOSTILE[-60:]})
    stands(page, PIPELINE, "Finished")
    visit(page, f"{server.url}/threads")
    expect(page.get_by_text("<script>window.hit=1</script>").first).to_be_visible()
    stays_text(page, watch)


def test_hostile_text_in_an_error_stays_text(server: LabServer, page: Page, watch: Watch) -> None:
    run(page, server, "approval-gate", {"recipient": HOSTILE[:190]})
    stands(page, GATE, "Failed")
    expect(keyed(page, f"lane_{GATE}").get_by_text("is no e-mail address").first).to_be_visible()
    stays_text(page, watch)


def test_hostile_text_in_the_address_stays_text(server: LabServer, page: Page, watch: Watch) -> None:
    page.goto(f"{server.url}/linear-pipeline")
    page.evaluate("text => { location.search = new URLSearchParams({thread: text, lane: text, tab: text}) }", HOSTILE)
    expect(page.get_by_text("There is no thread")).to_be_visible()
    idle(page)
    stays_text(page, watch)


def ask_the_model(page: Page, server: LabServer, badge: str = "Finished") -> None:
    visit(page, f"{server.url}/linear-pipeline")
    choose_real_model(page)
    click(page, "linear-pipeline_run")
    stands(page, PIPELINE, badge)


def test_hostile_text_of_a_model_stays_text_wherever_it_is_shown(
    server: LabServer, model: OpenAIServer, page: Page, watch: Watch
) -> None:
    model.answer(Text(HOSTILE))
    ask_the_model(page, server)
    expect(said(page, PIPELINE).first).to_have_text(HOSTILE, use_inner_text=True)
    for _ in every_tab(page):
        stays_text(page, watch)


def test_invisible_characters_of_a_model_are_named(server: LabServer, model: OpenAIServer, page: Page) -> None:
    model.answer(Text(INVISIBLE))
    ask_the_model(page, server)
    expect(said(page, PIPELINE).first).to_have_text(NAMED, use_inner_text=True)


def test_an_endless_answer_is_cut_and_counted(server: LabServer, model: OpenAIServer, page: Page, watch: Watch) -> None:
    model.answer(Text("w" * 200_000))
    ask_the_model(page, server)
    expect(said(page, PIPELINE).last).to_contain_text("more characters")
    becomes(page, lambda: len(keyed(page, f"lane_{PIPELINE}").inner_text()) < 100_000, True)
    stays_text(page, watch)


def test_half_a_character_of_a_model_is_named_and_leaves_page_and_thread_usable(
    server: LabServer, model: OpenAIServer, page: Page, watch: Watch
) -> None:
    model.answer(Text("half \ud83d of a face"))
    # The next model call can't be given such a text.
    ask_the_model(page, server, "Failed")
    expect(said(page, PIPELINE).first).to_have_text("half ⟨U+D83D⟩ of a face", use_inner_text=True)
    page.reload()
    stands(page, PIPELINE, "Failed")
    stays_text(page, watch)


def test_input_longer_than_the_field_allows_isnt_taken_and_the_page_stays_usable(server: LabServer, page: Page) -> None:
    run(page, server, "linear-pipeline", {"text": "x" * 200_000})
    expect(page.get_by_text("'Text' must have at most 4,000 characters; it has 200,000.").first).to_be_visible()
    stands(page, PIPELINE, "Not started")
    type_in(page, "linear-pipeline", {"text": "Short enough."})
    click(page, "linear-pipeline_run", settle=False)
    stands(page, PIPELINE, "Finished")
    expect(said(page, PIPELINE).first).to_contain_text("Short enough.")


@pytest.fixture(scope="module")
def owner(browser: Browser, server: LabServer) -> Iterator[Page]:
    """Open a visitor who has run something; `page` is a stranger to it."""
    context = opened(browser)
    page = context.new_page()
    run(page, server, "linear-pipeline")
    stands(page, PIPELINE, "Finished")
    thread_of(page)
    yield page
    context.close()


def workspace_cookie(page: Page) -> Cookie:
    (cookie,) = [found for found in page.context.cookies() if found.get("name") == COOKIE]
    return cookie


def finds_no_thread(page: Page, server: LabServer) -> None:
    visit(page, f"{server.url}/threads")
    expect(page.get_by_text("No thread yet")).to_be_visible()


def test_another_visitor_s_list_has_none_of_ones_threads(server: LabServer, owner: Page, page: Page) -> None:
    own = owner.context.new_page()
    visit(own, f"{server.url}/threads")
    expect(keyed(own, "menu")).to_be_visible()
    expect(own.locator("[class*='st-key-row_']")).to_have_count(1)
    own.close()
    finds_no_thread(page, server)
    expect(page.locator("[class*='st-key-row_']")).to_have_count(0)


def test_another_visitor_s_link_opens_nothing(owner: Page, page: Page) -> None:
    visit(page, owner.url)
    expect(page.get_by_text("There is no thread")).to_be_visible()
    stands(page, PIPELINE, "Not started")


def test_a_thread_of_somebody_else_and_one_that_never_was_look_alike(
    server: LabServer, owner: Page, page: Page
) -> None:
    for thread in (thread_of(owner), "00000000-0000-4000-8000-000000000000"):
        visit(page, f"{server.url}/linear-pipeline?thread={thread}")
        expect(page.get_by_test_id("stAlert").first).to_contain_text(str(UnknownThread(thread)))
        stands(page, PIPELINE, "Not started")


def test_the_workspace_cookie_is_out_of_reach_for_scripts(owner: Page) -> None:
    cookie = workspace_cookie(owner)
    assert cookie.get("httpOnly")
    assert cookie.get("sameSite") == "Lax"
    assert COOKIE not in owner.evaluate("document.cookie")


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("forged", ["local", "", "IjEyMyI.AAAA", "x" * 3000])
def test_a_forged_cookie_gets_a_fresh_workspace(server: LabServer, page: Page, forged: str) -> None:
    comes_with(page, server, forged)
    finds_no_thread(page, server)
    assert workspace_cookie(page).get("value") != forged


def test_a_cookie_with_one_letter_changed_is_not_its_owner_s(server: LabServer, owner: Page, page: Page) -> None:
    value = str(workspace_cookie(owner).get("value"))
    comes_with(page, server, ("B" if value[5] != "B" else "C").join((value[:5], value[6:])))
    finds_no_thread(page, server)
