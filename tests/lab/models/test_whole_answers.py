"""A real model's answer is whole or it's an error in words: never half of one, and never what is no answer at all."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.tools import tool

from lab.events import NodeEnded
from lab.lab import Lab
from lab.models import explain, make_model
from lab.models.answer_errors import AnswerCut, AnswerUnreadable
from tests.support.labs import quiet
from tests.support.openai_server import Answer, OpenAIServer, Text, ToolCalls
from tests.support.toy_patterns import end

TEXT = {"text": "The lighthouse stands alone."}
CHUNK = '{"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": %s}'
NONSENSE = {
    "no JSON": '{"id": "chatcmpl-te',
    "a number": "5",
    "a list": "[1, 2]",
    "choices that are a number": CHUNK % "3",
    "a choice that is a word": CHUNK % '["stop"]',
}


def asking(url: str) -> dict[str, Any]:
    return {"openai_base_url": url, "openai_api_key": "sk-0123456789", "openai_retries": 0}


@pytest.fixture
def real_lab(openai_server: OpenAIServer, tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(quiet(str(tmp_path / "lab.sqlite"), **asking(openai_server.url)))
    yield lab
    lab.close()


@pytest.fixture
def model(openai_server: OpenAIServer) -> BaseChatModel:
    return make_model("openai", lambda _: "", 0, quiet("memory", **asking(openai_server.url)))


@tool
def send_mail(to: str) -> str:
    """Send a mail."""
    return to


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Text("Dear Ada, please transfer", finish=False), "broke before the answer's end"),
        *((Text("Dear Ada", nonsense=nonsense), "sent what is no answer") for nonsense in NONSENSE.values()),
        (Text("Dear", nonsense='{"error": {"message": "out of memory"}}'), "in the middle of its answer"),
    ],
    ids=["no finish_reason", *NONSENSE, "an error"],
)
def test_what_is_no_whole_answer_fails_its_node_in_words_and_one_click_asks_again(
    real_lab: Lab, openai_server: OpenAIServer, answer: Answer, told: str
) -> None:
    openai_server.answer(Text("First answer."), answer, Text("Whole answer"))
    workspace = real_lab.workspace("w")
    thread_id = workspace.start("linear-pipeline", "pipeline", TEXT, model="openai").thread_id
    ended = end(workspace, thread_id)
    errors = [event.error for event in workspace.events(thread_id) if isinstance(event, NodeEnded) and event.error]
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None

    assert (ended.outcome, errors) == ("failed", [ended.error])
    assert told in ended.error
    assert "retry" in ended.error
    assert "headline" not in snapshot.values
    workspace.proceed(thread_id)
    assert end(workspace, thread_id).outcome == "finished"
    after = workspace.history.snapshot(thread_id)
    assert after is not None
    assert (after.values["summary"], after.values["headline"]) == ("First answer.", "Whole answer")
    assert len(openai_server.received) == 3


CUT = {"words": Text("Dear Ada,", finish=False), "a tool call": ToolCalls([("send_mail", {"to": "Ada"})], finish=False)}
WHOLE = {"words": Text("Dear Ada."), "a tool call": ToolCalls([("send_mail", {"to": "Ada"})])}


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("answer", CUT.values(), ids=CUT)
def test_an_answer_without_its_end_is_cut_in_every_way_of_asking(
    model: BaseChatModel, openai_server: OpenAIServer, answer: Answer, streams: bool
) -> None:
    openai_server.answer(answer)
    asked = model.bind_tools([send_mail])
    with pytest.raises(AnswerCut):
        list(asked.stream("write")) if streams else asked.invoke("write")

    assert [request.streams for request in openai_server.received] == [streams]


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("answer", WHOLE.values(), ids=WHOLE)
def test_a_whole_answer_is_taken_in_every_way_of_asking(
    model: BaseChatModel, openai_server: OpenAIServer, answer: Answer, streams: bool
) -> None:
    openai_server.answer(answer)
    asked = model.bind_tools([send_mail])
    found = sum(list(asked.stream("write"))[1:], next(asked.stream("write"))) if streams else asked.invoke("write")

    assert (found.text, [call["args"] for call in found.tool_calls]) in [("Dear Ada.", []), ("", [{"to": "Ada"}])]


def test_an_answer_in_one_piece_that_is_none_is_told_in_words(
    model: BaseChatModel, openai_server: OpenAIServer
) -> None:
    openai_server.answer(Text("", nonsense='{"choices": 3}'))
    with pytest.raises(AnswerUnreadable) as raised:
        model.invoke("write")

    assert "sent what is no answer" in explain(raised.value)
