"""A server on loopback that says what a script tells it to, in the form it is asked in.

A thread of its own with real sockets, so that litellm and its clients run for real. The script is
a function from the request's messages to a `Reply`; every request is recorded. It speaks OpenAI's
chat form below `url`, Anthropic's and Ollama's below `root`, whole and in a stream.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from wire_forms import Form, Reply, form_of

__all__ = ["Reply", "Request", "Script", "ScriptedServer", "by_model", "in_turn", "scripted_server"]


@dataclass(frozen=True)
class Request:
    """One request: its messages as plain texts, its body as it came, the port of its sender."""

    model: str
    messages: list[dict[str, str]]
    headers: dict[str, str]
    body: dict[str, Any]
    port: int = 0

    @property
    def last(self) -> str:
        return self.messages[-1]["content"]


Script = Callable[[Request], Reply]


class ScriptedServer:
    """`requests` in the order they came; `most_at_once` is the highest number in flight.

    `stalled` and `hung_up` are set when a reply stalls and when its reader has gone from a stream.
    """

    def __init__(self, script: Script) -> None:
        self.requests: list[Request] = []
        self.most_at_once = 0
        self.stalled = threading.Event()
        self.hung_up = threading.Event()
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
        return f"{self.root}/v1"

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

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
                form = form_of(self.path)
                if form is None:
                    self.send_error(404)
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                port = self.client_address[1]
                request = Request(body["model"], _plain(body), headers, body, port)
                reply = server._answer(request)
                if reply.die or reply.stall or server._closing.is_set():
                    self.close_connection = True
                elif body.get("stream") and reply.status == 200 and not reply.whole:
                    self._stream(form, reply, request.model)
                else:
                    self._send(form, reply, request.model)

            def _send(self, form: Form, reply: Reply, model: str) -> None:
                shown = form.body(reply, model) if reply.status == 200 else form.error(reply)
                payload = (json.dumps(shown) if reply.raw is None else reply.raw).encode()
                self._head(reply, "application/json", {"Content-Length": str(len(payload))})
                self.wfile.write(payload)

            def _stream(self, form: Form, reply: Reply, model: str) -> None:
                self.close_connection = True
                self._head(reply, form.stream_type, {"Connection": "close"})
                pieces = form.stream(reply, model) if reply.raw is None else [reply.raw.encode()]
                try:
                    for number, piece in enumerate(pieces):
                        if number == reply.die_after:
                            break
                        if number == reply.stall_after:
                            server.stalled.set()
                            self.connection.settimeout(30)
                            if not self.connection.recv(1):
                                server.hung_up.set()
                            break
                        self.wfile.write(piece)
                        self.wfile.flush()
                except OSError:  # whoever read has gone
                    server.hung_up.set()

            def _head(self, reply: Reply, kind: str, more: dict[str, str]) -> None:
                self.send_response(reply.status)
                for name, value in {**reply.headers, "Content-Type": kind, **more}.items():
                    self.send_header(name, value)
                self.end_headers()

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


def _plain(body: dict[str, Any]) -> list[dict[str, str]]:
    """The messages with a text for each content; Anthropic's system prompt as the first."""
    system = [{"role": "system", "content": body["system"]}] if "system" in body else []
    return [
        {"role": message["role"], "content": _text(message["content"])}
        for message in (*system, *body["messages"])
    ]


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
