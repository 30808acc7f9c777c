"""A real model behind the pages: chosen, named, failing and tried again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser_verbs import click, idle, keyed, visit
from tests.support.openai_server import Answer, OpenAIServer, Text, broken, cut, wrong_key
from tests.support.pattern_journeys import (
    OWN,
    choose_real_model,
    running_lab,
    said,
    stands,
    streams,
    thread_of,
    threads_beside,
)
from tests.support.servers import LabServer

PIPELINE = "linear-pipeline_pipeline"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model: OpenAIServer) -> Iterator[LabServer]:
    env = {**OWN, "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-test", "OPENAI_MAX_RETRIES": "0"}
    with running_lab(tmp_path_factory.mktemp("model"), env) as running:
        yield running


def ask(page: Page, server: LabServer) -> None:
    visit(page, f"{server.url}/linear-pipeline")
    choose_real_model(page)
    click(page, "linear-pipeline_run", settle=False)


def test_the_page_says_that_the_real_model_answered(server: LabServer, model: OpenAIServer, page: Page) -> None:
    model.answer(Text("Said by the server."))
    ask(page, server)
    stands(page, PIPELINE, "Finished")
    expect(page.get_by_text("Answered by: gpt-4o-mini (real)")).to_be_visible()
    expect(said(page, PIPELINE).first).to_have_text("Said by the server.")


def test_the_offline_script_answers_until_the_real_model_is_chosen(
    server: LabServer, model: OpenAIServer, page: Page
) -> None:
    asked = len(model.received)
    visit(page, f"{server.url}/linear-pipeline")
    click(page, "linear-pipeline_run")
    stands(page, PIPELINE, "Finished")
    expect(page.get_by_text("Answered by: offline script")).to_be_visible()
    assert len(model.received) == asked


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (wrong_key(), "The model server refused the key"),
        (broken(), "The model server failed"),
        (cut("one two three four", after=2), "broke before the answer's end"),
    ],
    ids=["wrong key", "broken server", "cut stream"],
)
def test_a_model_s_failure_is_told_on_its_node_and_trying_again_ends_the_same_thread(
    server: LabServer, model: OpenAIServer, page: Page, failure: Answer, told: str
) -> None:
    model.answer(failure)
    ask(page, server)
    stands(page, PIPELINE, "Failed")
    expect(keyed(page, f"stream_{PIPELINE}").get_by_text(told).first).to_be_visible()
    thread = thread_of(page)
    model.answer(Text("Now it works."))
    idle(page)
    click(page, f"{PIPELINE}_again")
    stands(page, PIPELINE, "Finished")
    assert thread_of(page) == thread
    assert threads_beside(server, thread) == ["pipeline"]


def test_stop_hangs_up_on_the_model(server: LabServer, model: OpenAIServer, page: Page) -> None:
    # So long that the answer doesn't end by itself before it's stopped.
    model.answer(Text("word " * 1000, pace=0.1))
    ask(page, server)
    streams(page, PIPELINE)
    click(page, "linear-pipeline_stop", settle=False)
    stands(page, PIPELINE, "Stopped")
    assert model.wait_for_hang_up()
