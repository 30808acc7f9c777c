"""ChatOpenAI whose requests are cut when a run is stopped, and which refuses half answers."""

import contextlib
import contextvars
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from queue import SimpleQueue
from typing import Any, TypeVar

import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import ValidationError

from lab.models.answer_errors import AnswerCut, AnswerUnreadable
from lab.models.stopping import RunStopped, StopSignal, current_signal, unless_stopped
from lab.secrets import redact, redact_error
from lab.settings import Settings

Piece = TypeVar("Piece")


class _Call:
    """One call of a model in a thread of its own, which whoever waits for it can leave at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.left = False

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Note the connection of the call's request; a TLS one takes the place of the one below it."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                if self.left:
                    self._hang_up()

    def leave(self) -> None:
        """Hang up; who reads from the connection at this moment gets its end."""
        with self._lock:
            self.left = True
            self._hang_up()

    def _hang_up(self) -> None:
        if self._socket is not None:
            # One that's closed by now is as good.
            with contextlib.suppress(OSError):
                # Only this wakes up a thread that reads from it; closing it doesn't.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


_call: ContextVar[_Call | None] = ContextVar("model_call", default=None)


def _watch(request: Any) -> None:
    """Prepare an HTTP request so that its call can hang up."""
    call = _call.get()
    if call is None:
        return
    if call.left:
        raise RunStopped
    request.extensions["trace"] = call.trace
    # A connection that an earlier request left open wouldn't tell its socket.
    request.headers["Connection"] = "close"


_END = object()


def _cuttable(pieces: Callable[[], Iterator[Piece]], signal: StopSignal) -> Iterator[Piece]:
    """Return what an iterator of a model's answer gives; raises RunStopped at once where the run is stopped.

    The iterator works in a thread of its own: neither a lookup of a name, nor a connection that isn't made, nor
    the client's wait for its next try would hear of a stop.
    """
    call, came = _Call(), SimpleQueue[Any]()

    def work() -> None:
        _call.set(call)
        try:
            for piece in pieces():
                came.put((piece, None))
                if call.left:
                    return
            came.put((_END, None))
        # It's raised again where the answer is waited for.
        except BaseException as error:  # noqa: BLE001
            came.put((_END, error))

    signal.check()
    context = contextvars.copy_context()
    with signal.heard(lambda: came.put((_END, RunStopped()))):
        threading.Thread(target=context.run, args=(work,), name="model-call", daemon=True).start()
        try:
            while True:
                piece, error = came.get()
                signal.check()
                if error is not None:
                    raise error
                if piece is _END:
                    return
                yield piece
        finally:
            call.leave()


class LabChatOpenAI(ChatOpenAI):
    """ChatOpenAI that a stop cuts wherever it waits, and that takes nothing for an answer that isn't a whole one."""

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        def whole() -> Iterator[ChatResult]:
            yield super(LabChatOpenAI, self)._generate(messages, stop, run_manager, **kwargs)

        with _telling():
            (result,) = _cuttable(whole, current_signal())
        return _whole(result)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        def pieces() -> Iterator[ChatGenerationChunk]:
            return super(LabChatOpenAI, self)._stream(messages, stop, **kwargs)

        ended = False
        with _telling():
            for piece in _cuttable(pieces, current_signal()):
                ended = ended or _ended(piece)
                if run_manager:
                    run_manager.on_llm_new_token(piece.text, chunk=piece)
                yield piece
        if not ended:
            raise AnswerCut

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with _telling():
            return _whole(await unless_stopped(super()._agenerate(messages, stop, run_manager, **kwargs)))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        pieces, ended = super()._astream(messages, stop, **kwargs), False
        with _telling():
            while (piece := await unless_stopped(anext(pieces, None))) is not None:
                ended = ended or _ended(piece)
                if run_manager:
                    await run_manager.on_llm_new_token(piece.text, chunk=piece)
                yield piece
        if not ended:
            raise AnswerCut


def _whole(result: ChatResult) -> ChatResult:
    if not all(map(_ended, result.generations)):
        raise AnswerCut
    return result


def _ended(answer: ChatGeneration) -> bool:
    """Return whether an answer, or a piece of one, says that it's over: in one word or the other of two protocols."""
    said = {**(answer.generation_info or {}), **answer.message.response_metadata}
    return bool(said.get("finish_reason") or said.get("status"))


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """Let an error of the client out without secrets, and in words where it's about the client's own inside."""
    try:
        yield
    except (json.JSONDecodeError, ValidationError, TypeError, AttributeError, LookupError) as error:
        redact_error(error)
        raise AnswerUnreadable(redact(f"{type(error).__name__}: {error}")) from error
    except Exception as error:
        redact_error(error)
        raise


def openai_model(settings: Settings) -> LabChatOpenAI:
    """Return the model of the settings."""
    timeout = settings.openai_timeout
    return LabChatOpenAI(
        model=settings.openai_model,
        # A server of one's own often asks for no key, but the client insists on one.
        api_key=settings.openai_api_key or (lambda: "none"),
        base_url=settings.openai_base_url,
        timeout=timeout,
        max_retries=settings.openai_retries,
        http_client=openai.DefaultHttpxClient(timeout=timeout, event_hooks={"request": [_watch]}),
    )
