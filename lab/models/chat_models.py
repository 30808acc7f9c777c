"""The models that answer: an offline scripted one that streams, and ChatOpenAI for real ones."""

import importlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import ToolCallChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable

from graphs.pattern import Script
from lab.database import lab_error
from lab.errors import NotPossible
from lab.models.answer_errors import AnswerCut, AnswerUnreadable
from lab.models.failures import advice
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
    model: BaseChatModel = load_openai_model().openai_model(settings)
    return model


def load_openai_model() -> Any:
    """Import the module of the real model.

    With the client of its server it's more than a quarter of a start, which an offline lab and a killed example's
    process needn't wait for; a lab that has a real model imports it as it's opened, so that no visitor waits for it.
    """
    return importlib.import_module("lab.models.openai_model")


_CUT = "The connection to the model server broke before the answer's end. Nothing of it was saved"
_UNREADABLE = "The model server sent what is no answer, and nothing of it was saved. Check OPENAI_BASE_URL"
CLIENT_ADVICE = {
    "AuthenticationError": "The model server refused the key. Set a valid OPENAI_API_KEY, start the lab again",
    "PermissionDeniedError": "The key may not use this model. Choose another one by OPENAI_MODEL",
    "NotFoundError": "The model server knows no such model or address. Check OPENAI_MODEL and OPENAI_BASE_URL",
    "RateLimitError": "The model server is limiting requests (429). Wait a little",
    "APITimeoutError": "The model server didn't answer in time. Check that it's up, or raise OPENAI_TIMEOUT",
    "APIConnectionError": "The model server can't be reached. Check OPENAI_BASE_URL and that it's running",
    "InternalServerError": "The model server failed. It may pass",
    "BadRequestError": "The model server refused the request. Look at its message below",
    "APIError": "The model server reported an error in the middle of its answer. Nothing of it was saved",
}
"""By the class of the OpenAI client's error, each before those that it is a case of."""


def explain(error: BaseException) -> str:
    """Tell a node's failure in one sentence with what to do, and the exception itself after it."""
    raw = redact(f"{type(error).__name__}: {error}")
    if (worded := lab_error(error)) is not None:
        return f"{redact(str(worded))} ({raw})"
    if isinstance(error, AnswerCut) or _was_cut(error):
        hint = _CUT
    elif isinstance(error, AnswerUnreadable):
        hint = _UNREADABLE
    else:
        hint = _client_advice(error) or advice(error)
    return f"{hint}; then retry: the thread stands at its last checkpoint. ({raw})" if hint else raw


def _client_advice(error: BaseException) -> str:
    """Return what to do about an error of the OpenAI client, empty for any other one."""
    # By name, as who has such an error has imported the client, and nobody else needs to.
    names = {kind.__name__ for kind in type(error).__mro__ if kind.__module__.partition(".")[0] == "openai"}
    return next((text for name, text in CLIENT_ADVICE.items() if name in names), "")


def _was_cut(error: BaseException) -> bool:
    """Tell a connection that broke from one that was never made; the client gives one class for both."""
    cause: BaseException | None = error
    while cause is not None:
        # By name, as the HTTP client under the OpenAI client changes its package from version to version.
        if type(cause).__name__ in ("ReadError", "RemoteProtocolError"):
            return True
        cause = cause.__cause__
    return False
