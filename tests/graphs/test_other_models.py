"""Every lane with a model that answers something else than the script: it ends, or says in words what is missing."""

import re
from collections.abc import Iterator

import pytest

from graphs.catalogue import CATALOGUE
from graphs.pattern import Lane, Mend, Pattern, WayBack
from lab.lab import Lab
from tests.support.example_player import ended
from tests.support.labs import quiet
from tests.support.openai_server import Answer, OpenAIServer, Text, ToolCalls

LANES = [
    pytest.param(pattern, lane, id=f"{pattern.slug}-{lane.key}")
    for pattern in CATALOGUE
    for lane in pattern.lanes
    if lane.saver is None or lane.saver.kind != "postgresql"
]
ANSWERS: dict[str, Answer] = {
    "words": Text("Quite another answer: forty-two herrings, and nothing of what was asked."),
    "nothing": Text(""),
    "a tool that nobody offered": ToolCalls((("open_the_pod_bay", {"doors": 2}),)),
}
BUG = re.compile(r"^(Key|Index|Type|Attribute|Name|Unbound\w*|Assertion|ZeroDivision|Recursion)Error\b")
"""How an error begins that a graph didn't expect; its own errors say what was missing and what to do."""


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture(scope="module")
def real_lab(server: OpenAIServer) -> Iterator[Lab]:
    """Provide a lab whose real model is the server on this machine."""
    lab = Lab(quiet("memory", openai_base_url=server.url, openai_api_key="sk-test", openai_retries=0))
    yield lab
    lab.close()


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(("pattern", "lane"), LANES)
def test_a_lane_ends_whatever_a_model_answers_and_says_in_words_what_it_cant_use(
    real_lab: Lab, server: OpenAIServer, pattern: Pattern, lane: Lane, answer: str
) -> None:
    server.answer(ANSWERS[answer])
    example = next(one for one in pattern.examples if one.input.get(pattern.crash_field, "never") == "never")
    workspace = real_lab.workspace("tests")
    thread_id = workspace.start(
        pattern.slug, lane.key, example.input, model="openai", breakpoints=example.breakpoints
    ).thread_id
    ended(workspace, thread_id)
    view = workspace.view(thread_id)
    view.catch_up()
    if isinstance(lane.travel, Mend) and workspace.travel.damage(thread_id):
        # Nobody can tell how it stands before it's mended, as the example does it.
        (step,) = example.steps[lane.key]
        assert isinstance(step, WayBack)
        workspace.travel.mend(thread_id, step.values, model="openai")
        ended(workspace, thread_id)
        view.catch_up()
    status = workspace.history.status(thread_id)
    errors = [step.error for step in view.steps if step.error] + [run.error for run in view.runs if run.error]

    assert status in ("finished", "waiting", "resumable")
    assert [error for error in errors if BUG.match(error)] == []
    assert all(len(error) < 1000 for error in errors)
    if status == "finished" or errors:
        assert workspace.history.outcome(thread_id)
