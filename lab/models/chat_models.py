"""The models that answer: an offline scripted one that streams, and ChatOpenAI for real ones."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import openai
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import ToolCallChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable

from graphs.pattern import Script
from lab.errors import NotPossible
from lab.models.failures import advice
from lab.models.openai_model import AnswerCut, AnswerUnreadable, LabChatOpenAI, cuttable_client
from lab.models.stopping import current_signal
from lab.secrets import redact
from lab.settings import Settings
from lab.types import ModelName

_PIECES = re.compile(r"\S+\s*|\s+")


class OfflineModel(BaseChatModel):
    """Answers by a pattern's script, from the messages alone, and streams word by word like a real model."""

    script: Script
    pace: float = 0.0
    """Words a second; 0 doesn't wait."""

    @property
    def _llm_type(self) -> str:
        return "offline"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[LanguageModelInput, AIMessage]:
        """Accept tools as a real model does; the script decides which one it calls."""
        return self.bind(tools=list(tools), **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        answer = self._answer(messages)
        for _ in _PIECES.findall(answer.text):
            self._wait()
        return ChatResult(generations=[ChatGeneration(message=answer)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in _chunks(self._answer(messages)):
            self._wait()
            yield ChatGenerationChunk(message=chunk)

    def _answer(self, messages: list[BaseMessage]) -> AIMessage:
        answer = self.script(messages)
        return AIMessage(answer) if isinstance(answer, str) else answer

    def _wait(self) -> None:
        if self.pace:
            current_signal().wait(1 / self.pace)


def _chunks(answer: AIMessage) -> Iterator[AIMessageChunk]:
    for piece in _PIECES.findall(answer.text):
        yield AIMessageChunk(content=piece)
    for index, call in enumerate(answer.tool_calls):
        name, ident = call["name"], call["id"]
        yield _tool_chunk(ToolCallChunk(name=name, args="", id=ident, index=index, type="tool_call_chunk"))
        for piece in _PIECES.findall(json.dumps(call["args"])):
            yield _tool_chunk(ToolCallChunk(name=None, args=piece, id=None, index=index, type="tool_call_chunk"))


def _tool_chunk(chunk: ToolCallChunk) -> AIMessageChunk:
    return AIMessageChunk(content="", tool_call_chunks=[chunk])


def make_model(name: ModelName, script: Script, pace: float, settings: Settings) -> BaseChatModel:
    """Make the model of that name; raises NotPossible where the real one isn't configured."""
    if name == "offline":
        return OfflineModel(script=script, pace=pace)
    if not settings.real_model:
        raise NotPossible(
            "No real model is configured. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own, "
            "and start the lab again; until then the offline model answers."
        )
    return LabChatOpenAI(
        model=settings.openai_model,
        # A server of one's own often asks for no key, but the client insists on one.
        api_key=settings.openai_api_key or (lambda: "none"),
        base_url=settings.openai_base_url,
        timeout=settings.openai_timeout,
        max_retries=settings.openai_retries,
        http_client=cuttable_client(settings.openai_timeout),
    )


_CUT = "The connection to the model server broke before the answer's end. Nothing of it was saved"
_ADVICE: tuple[tuple[type[Exception], str], ...] = (
    (AnswerCut, _CUT),
    (AnswerUnreadable, "The model server sent what is no answer, and nothing of it was saved. Check OPENAI_BASE_URL"),
    (openai.AuthenticationError, "The model server refused the key. Set a valid OPENAI_API_KEY, start the lab again"),
    (openai.PermissionDeniedError, "The key may not use this model. Choose another one by OPENAI_MODEL"),
    (openai.NotFoundError, "The model server knows no such model or address. Check OPENAI_MODEL and OPENAI_BASE_URL"),
    (openai.RateLimitError, "The model server is limiting requests (429). Wait a little"),
    (openai.APITimeoutError, "The model server didn't answer in time. Check that it's up, or raise OPENAI_TIMEOUT"),
    (openai.APIConnectionError, "The model server can't be reached. Check OPENAI_BASE_URL and that it's running"),
    (openai.InternalServerError, "The model server failed. It may pass"),
    (openai.BadRequestError, "The model server refused the request. Look at its message below"),
    (openai.APIError, "The model server reported an error in the middle of its answer. Nothing of it was saved"),
)


def explain(error: BaseException) -> str:
    """Tell a node's failure in one sentence with what to do, and the exception itself after it."""
    raw = redact(f"{type(error).__name__}: {error}")
    told = next((text for kind, text in _ADVICE if isinstance(error, kind)), "") or advice(error)
    if _was_cut(error):
        told = _CUT
    return f"{told}; then try again: the thread stands at its last checkpoint. ({raw})" if told else raw


def _was_cut(error: BaseException) -> bool:
    """Tell a connection that broke from one that was never made; the client gives one class for both."""
    found: BaseException | None = error
    while found is not None:
        # By name, as the HTTP client under the OpenAI client changes its package from version to version.
        if type(found).__name__ in ("ReadError", "RemoteProtocolError"):
            return True
        found = found.__cause__
    return False
