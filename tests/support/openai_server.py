"""A small server that speaks OpenAI's chat completions protocol, to test a real client against real sockets.

A test says what is answered next; what was asked, and whether the client hung up, is kept in `received`.
"""

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

HOST = "127.0.0.1"


class Gate:
    """Holds answers in their middle: each sends as many pieces as it lets pass, and waits for more."""

    def __init__(self, pieces: int) -> None:
        """Let so many pieces of each answer pass at first."""
        self._allowed: float = pieces
        self._changed = threading.Condition()

    def let_pass(self, pieces: float = float("inf")) -> None:
        """Let so many pieces of each answer pass from now on, or all."""
        with self._changed:
            self._allowed = pieces
            self._changed.notify_all()

    def passes(self, count: int, seconds: float) -> bool:
        """Wait at most so long; say whether piece number `count` may be sent."""
        with self._changed:
            return self._changed.wait_for(lambda: count < self._allowed, seconds)


@dataclass(frozen=True, slots=True)
class Text:
    """Answers in words, also where tools were offered: a model may decline to call one."""

    text: str
    pace: float = 0
    """Seconds before each piece."""
    cut_after: int | None = None
    """Pieces after which the server drops the connection in the middle of the answer."""
    finish: bool = True
    """False where the answer ends in good order, but without a word that it's over."""
    nonsense: str = ""
    """What is sent in place of the last piece of a stream, or of the whole answer."""
    gate: Gate | None = None
    """Holds the answer until the test lets it go on, so that its middle doesn't depend on anybody's speed."""


@dataclass(frozen=True, slots=True)
class ToolCalls:
    """Asks for tools to be called, one `(name, arguments)` each."""

    calls: Sequence[tuple[str, Mapping[str, Any]]]
    pace: float = 0
    finish: bool = True


@dataclass(frozen=True, slots=True)
class Silence:
    """Says nothing at all until the client hangs up."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Refuses the request as OpenAI does."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Text | ToolCalls | Silence | Failure


def wrong_key() -> Failure:
    """Refuse the key."""
    return Failure(401, "invalid_api_key", "Incorrect API key provided.")


def rate_limited(retry_after: float = 20) -> Failure:
    """Refuse for too many requests."""
    return Failure(429, "rate_limit_exceeded", "Rate limit reached.", {"Retry-After": f"{retry_after:g}"})


def broken() -> Failure:
    """Fail inside the server."""
    return Failure(500, "server_error", "The server had an error while processing your request.")


def cut(text: str, after: int) -> Text:
    """Drop the connection after so many pieces of the text."""
    return Text(text, cut_after=after)


@dataclass(slots=True)
class Received:
    """One request as it came in."""

    path: str
    key: str
    body: dict[str, Any]
    hung_up: bool = False
    """True once the client closed the connection before the answer's end."""

    @property
    def streams(self) -> bool:
        """True where the client asked for a stream."""
        return bool(self.body.get("stream"))

    @property
    def tools(self) -> list[str]:
        """Name of the tools that were offered."""
        return [tool["function"]["name"] for tool in self.body.get("tools", [])]


class OpenAIServer:
    """The server, in threads of this process; answers in the order given, and the last one again and again."""

    def __init__(self, key: str | None = None) -> None:
        """Start listening; with a `key`, any other one is refused."""
        self.key = key
        self.received: list[Received] = []
        self.answers: list[Answer] = [Text("Hello from the test server.")]
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._http = _Listener((HOST, 0), _Handler)
        self._http.lab = self
        self.url = f"http://{HOST}:{self._http.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="openai-server")
        self._thread.start()

    def answer(self, *answers: Answer) -> None:
        """Say what is answered from now on, one after the other; the last one stays."""
        assert answers, "Name at least one answer."
        with self._lock:
            self.answers = list(answers)

    def next_answer(self) -> Answer:
        """Take the next answer; the last one is never used up."""
        with self._lock:
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def wait_for_hang_up(self, seconds: float = 5) -> bool:
        """Say whether the client of the last request hung up within so many seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.received and self.received[-1].hung_up:
                return True
            time.sleep(0.01)
        return False

    def close(self) -> None:
        """Stop listening, so that a further request finds nobody."""
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    # A client may keep its connection for the next request; closing doesn't wait for that.
    block_on_close = False
    lab: OpenAIServer


class _Cut(Exception):
    """Raised to leave an answer in the middle."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # As a server with TCP_NODELAY does: small pieces leave at once.
    disable_nagle_algorithm = True
    server: _Listener

    def do_GET(self) -> None:
        """List one model."""
        if self.path == "/v1/models":
            self._send_json(200, {"object": "list", "data": [{"id": "test-model", "object": "model"}]})
        else:
            self._send_failure(Failure(404, "unknown_url", f"Unknown request URL: GET {self.path}."))

    def do_POST(self) -> None:
        """Answer a chat completion."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        received = Received(self.path, key, body)
        lab = self.server.lab
        lab.received.append(received)
        if self.path != "/v1/chat/completions":
            self._send_failure(Failure(404, "unknown_url", f"Unknown request URL: POST {self.path}."))
            return
        answer = wrong_key() if lab.key is not None and key != lab.key else lab.next_answer()
        if isinstance(answer, Failure):
            self._send_failure(answer)
            return
        if isinstance(answer, Silence):
            received.hung_up = self._left_alone()
            self.close_connection = True
            return
        try:
            if received.streams:
                self._send_stream(body, answer)
            else:
                nonsense = answer.nonsense if isinstance(answer, Text) else ""
                self._send_json(200, json.loads(nonsense) if nonsense else _completion(body, answer))
        except (BrokenPipeError, ConnectionResetError):
            received.hung_up = True
            self.close_connection = True
        except _Cut:
            self._drop()

    def _left_alone(self) -> bool:
        """Wait until the client hangs up; False where the server is closed before."""
        while not self.server.lab.closing.is_set():
            if select.select([self.connection], [], [], 0.02)[0] and not self.connection.recv(1, socket.MSG_PEEK):
                return True
        return False

    def _send_failure(self, failure: Failure) -> None:
        error = {"message": failure.message, "type": failure.code, "param": None, "code": failure.code}
        self._send_json(failure.status, {"error": error}, failure.headers)

    def _send_json(self, status: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
        payload = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(payload)

    def _send_stream(self, body: Mapping[str, Any], answer: Text | ToolCalls) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for count, piece in enumerate(_pieces(body, answer)):
            time.sleep(answer.pace)
            if isinstance(answer, Text) and answer.gate:
                self._hold(answer.gate, count)
            self._send_event(piece if isinstance(piece, str) else json.dumps(piece))
        self._send_event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _hold(self, gate: Gate, count: int) -> None:
        # What a client overhears and a connection doesn't: who hung up meanwhile is noticed.
        while not gate.passes(count, 0.05):
            self._send_line(": held")

    def _send_event(self, data: str) -> None:
        self._send_line(f"data: {data}")

    def _send_line(self, line: str) -> None:
        event = f"{line}\n\n".encode()
        self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
        self.wfile.flush()

    def _drop(self) -> None:
        # A reset, not an orderly end: what a client sees when a server dies or a network breaks.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def finish(self) -> None:
        """Leave out the last flush where the connection was dropped."""
        if self.connection.fileno() >= 0:
            super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base class gives it
        """Keep quiet."""


def _head(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-test", "object": kind, "created": 0, "model": body.get("model", "test-model")}


def _words(text: str) -> list[str]:
    return [word if at == 0 else f" {word}" for at, word in enumerate(text.split(" "))]


def _tool_call(at: int, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "index": at,
        "id": f"call_{at}",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments)},
    }


def _pieces(body: Mapping[str, Any], answer: Text | ToolCalls) -> Iterator[dict[str, Any] | str]:
    head = _head(body, "chat.completion.chunk")

    def piece(delta: Mapping[str, Any], reason: str | None = None) -> dict[str, Any]:
        return head | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    yield piece({"role": "assistant", "content": ""})
    if isinstance(answer, Text):
        words = _words(answer.text)
        for count, word in enumerate(words):
            if count == answer.cut_after:
                raise _Cut
            yield piece({"content": word})
        if answer.cut_after is not None:
            raise _Cut
        if answer.nonsense:
            yield answer.nonsense
        if answer.finish:
            yield piece({}, "stop")
    else:
        for at, (name, arguments) in enumerate(answer.calls):
            call = _tool_call(at, name, arguments)
            spelled = call["function"]["arguments"]
            yield piece({"tool_calls": [call | {"function": {"name": name, "arguments": ""}}]})
            for start in range(0, len(spelled), 8):
                part = {"index": at, "function": {"arguments": spelled[start : start + 8]}}
                yield piece({"tool_calls": [part]})
        if answer.finish:
            yield piece({}, "tool_calls")
    if (body.get("stream_options") or {}).get("include_usage"):
        yield head | {"choices": [], "usage": _usage(answer)}


def _completion(body: Mapping[str, Any], answer: Text | ToolCalls) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if isinstance(answer, Text):
        if answer.cut_after is not None:
            raise _Cut
        message["content"], reason = answer.text, "stop"
    else:
        message["tool_calls"] = [_tool_call(at, name, given) for at, (name, given) in enumerate(answer.calls)]
        reason = "tool_calls"
    choice = {"index": 0, "message": message, "finish_reason": reason if answer.finish else None}
    return _head(body, "chat.completion") | {"choices": [choice], "usage": _usage(answer)}


def _usage(answer: Text | ToolCalls) -> dict[str, int]:
    out = len(_words(answer.text)) if isinstance(answer, Text) else len(answer.calls)
    return {"prompt_tokens": 7, "completion_tokens": out, "total_tokens": 7 + out}
