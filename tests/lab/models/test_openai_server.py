"""The stand-in for OpenAI, tried with the client that the lab uses: a stand-in that errs would prove nothing."""

import time
from collections.abc import Iterator

import openai
import pytest
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from tests.support.openai_server import OpenAIServer, Text, ToolCalls, broken, cut, rate_limited, wrong_key


class Weather(BaseModel):
    """Tells the weather of a city."""

    city: str


def client(server: OpenAIServer, key: str = "sk-test") -> ChatOpenAI:
    return ChatOpenAI(model="test-model", base_url=server.url, api_key=SecretStr(key), max_retries=0, timeout=10)


def gather(chunks: Iterator[BaseMessage]) -> AIMessageChunk:
    whole = next(chunks)
    assert isinstance(whole, AIMessageChunk)
    for chunk in chunks:
        assert isinstance(chunk, AIMessageChunk)
        whole += chunk
    return whole


def test_a_text_comes_in_pieces(openai_server: OpenAIServer) -> None:
    openai_server.answer(Text("one two three"))
    pieces = [chunk.text for chunk in client(openai_server).stream("count") if chunk.text]
    assert pieces == ["one", " two", " three"]
    [asked] = openai_server.received
    assert asked.streams
    assert asked.key == "sk-test"
    assert asked.body["messages"][-1]["content"] == "count"


def test_a_text_comes_whole_where_no_stream_was_asked_for(openai_server: OpenAIServer) -> None:
    openai_server.answer(Text("one two three"))
    assert client(openai_server).invoke("count").text == "one two three"
    assert not openai_server.received[0].streams


def test_a_tool_call_comes_in_pieces_and_adds_up(openai_server: OpenAIServer) -> None:
    openai_server.answer(ToolCalls([("Weather", {"city": "Oslo"}), ("Weather", {"city": "Rome"})]))
    message = gather(client(openai_server).bind_tools([Weather]).stream("weather?"))
    assert [(call["name"], call["args"]) for call in message.tool_calls] == [
        ("Weather", {"city": "Oslo"}),
        ("Weather", {"city": "Rome"}),
    ]
    assert openai_server.received[0].tools == ["Weather"]


def test_a_model_may_decline_to_call_a_tool(openai_server: OpenAIServer) -> None:
    openai_server.answer(Text("I would rather not."))
    message = gather(client(openai_server).bind_tools([Weather]).stream("weather?"))
    assert message.tool_calls == []
    assert message.text == "I would rather not."
    assert openai_server.received[0].tools == ["Weather"]


def test_answers_are_given_in_turn_and_the_last_one_stays(openai_server: OpenAIServer) -> None:
    openai_server.answer(broken(), Text("now"))
    with pytest.raises(openai.InternalServerError):
        client(openai_server).invoke("go")
    assert [client(openai_server).invoke("go").text for _ in range(2)] == ["now", "now"]


def test_a_wrong_key_is_refused(openai_server: OpenAIServer) -> None:
    openai_server.key = "sk-right"
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
        gather(client(openai_server, "sk-wrong").stream("hello"))
    assert gather(client(openai_server, "sk-right").stream("hello")).text == "Hello from the test server."


def test_any_key_can_be_refused(openai_server: OpenAIServer) -> None:
    openai_server.answer(wrong_key())
    with pytest.raises(openai.AuthenticationError):
        client(openai_server).invoke("hello")


def test_a_rate_limit_says_when_to_come_back(openai_server: OpenAIServer) -> None:
    openai_server.answer(rate_limited(retry_after=7))
    with pytest.raises(openai.RateLimitError) as caught:
        gather(client(openai_server).stream("hello"))
    assert caught.value.response.headers["retry-after"] == "7"


def test_a_server_error_is_told_as_such(openai_server: OpenAIServer) -> None:
    openai_server.answer(broken())
    with pytest.raises(openai.InternalServerError):
        gather(client(openai_server).stream("hello"))


def test_a_cut_stream_gives_its_first_pieces_and_then_fails(openai_server: OpenAIServer) -> None:
    openai_server.answer(cut("one two three four", after=2))
    pieces: list[str] = []
    with pytest.raises(openai.APIConnectionError):
        pieces.extend(chunk.text for chunk in client(openai_server).stream("count"))
    assert "".join(pieces) == "one two"


def test_nobody_answers_once_the_server_is_closed(openai_server: OpenAIServer) -> None:
    openai_server.close()
    with pytest.raises(openai.APIConnectionError):
        client(openai_server).invoke("hello")


def test_a_client_that_hangs_up_is_noticed(openai_server: OpenAIServer) -> None:
    openai_server.answer(Text("word " * 200, pace=0.02))
    started = time.monotonic()
    stream = client(openai_server).stream("talk")
    next(stream)
    stream.close()  # type: ignore[attr-defined] # it's a generator, which its declared type doesn't say
    assert openai_server.wait_for_hang_up()
    assert time.monotonic() - started < 3, "The answer takes four seconds: hanging up must end it."
