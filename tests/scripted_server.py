"""An OpenAI-compatible server on loopback that says what a script tells it to.

A thread of its own with real sockets, so that litellm and its clients run for real. The script is
a function from the request's messages to a `Reply`; every request is recorded.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What one request gets. `stall` waits until the server closes; `die` drops the connection."""

    text: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stall: bool = False
    die: bool = False
    tokens_in: int = 100
    tokens_out: int = 20


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    model: str
    messages: list[dict[str, str]]
    headers: dict[str, str]

    @property
    def last(self) -> str:
        return self.messages[-1]["content"]


Script = Callable[[Request], Reply]


class ScriptedServer:
    """`requests` in the order they came; `most_at_once` is the highest number in flight."""

    def __init__(self, script: Script) -> None:
        self.requests: list[Request] = []
        self.most_at_once = 0
        self.stalled = threading.Event()
        self._in_flight = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._script = script
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def close(self) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def _answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            self._in_flight += 1
            self.most_at_once = max(self.most_at_once, self._in_flight)
        try:
            reply = self._script(request)
            if reply.stall:
                self.stalled.set()
                self._closing.wait(30)
            return reply
        finally:
            with self._lock:
                self._in_flight -= 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = server._answer(Request(body["model"], body["messages"], headers))
                if reply.die or reply.stall or server._closing.is_set():
                    self.close_connection = True
                    return
                self._send(reply, body["model"])

            def _send(self, reply: Reply, model: str) -> None:
                payload = json.dumps(
                    _completion(reply, model) if reply.status == 200 else _error(reply)
                )
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload.encode())))
                self.end_headers()
                self.wfile.write(payload.encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        return Handler


@contextmanager
def scripted_server(script: Script) -> Iterator[ScriptedServer]:
    """A server for the time of a `with` block."""
    server = ScriptedServer(script)
    try:
        yield server
    finally:
        server.close()


def in_turn(*replies: Reply | str) -> Script:
    """A script that gives one reply after the other, and the last one for ever after."""
    left = [Reply(reply) if isinstance(reply, str) else reply for reply in replies]
    lock = threading.Lock()

    def script(_: Request) -> Reply:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return script


def by_model(**scripts: Script) -> Script:
    """A script that asks another one, chosen by the model's name."""

    def script(request: Request) -> Reply:
        return scripts[request.model](request)

    return script


def _completion(reply: Reply, model: str) -> dict[str, Any]:
    return {
        "id": "scripted",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": reply.text},
            }
        ],
        "usage": {
            "prompt_tokens": reply.tokens_in,
            "completion_tokens": reply.tokens_out,
            "total_tokens": reply.tokens_in + reply.tokens_out,
        },
    }


def _error(reply: Reply) -> dict[str, Any]:
    return {"error": {"message": reply.text or "scripted failure", "type": "scripted"}}
