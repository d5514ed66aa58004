"""The same frames over HTTP, each with headers that may be wrong as well, and bytes that are none.

One frame in twenty comes without a good token and must be refused; one in twelve is no request of
HTTP at all, and must end in a refusal or a closed connection.
"""

import json
import random
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2
from fuzz_found import CANARY, KEY, NEVER_SHOWN, SECRET, Found, judge_growth, standing, workplace
from fuzz_frames import PROTOCOL, Era, Frame, frames, honest_call, honest_list, opening

AT_ONCE = 8
TOGETHER = 100
WITHIN_S = 60.0
ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
WRONG_HEADERS = (
    {"mcp-protocol-version": "2024-01-01"}, {"mcp-protocol-version": "x" * 5_000},
    {"mcp-session-id": "0" * 32}, {"mcp-session-id": "../../etc/passwd"}, {"mcp-method": "ping"},
    {"mcp-name": "=?base64?!!!?="}, {"accept": "text/html"}, {"content-type": "text/xml"},
    {"content-encoding": "gzip"}, {"origin": "http://evil.example"}, {"host": "evil.example"},
    {"last-event-id": "0"}, {"x-forwarded-for": "127.0.0.1"}, {"te": "trailers"},
)  # fmt: skip
NOT_HTTP = (
    b"", b"\x00" * 64, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 64,
    b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /mcp HTTP/1.1\r\n\r\n",
    b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
    b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nxxxxx",
    b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
    b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999999999999\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
    b"GET /mcp HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nhost: evil\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 200_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 5_000 + b"\r\n", b"GET / HTTP/1.1\r\nho st: x\r\n\r\n",
)  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """One request: a frame with its headers, or bytes that are no request."""

    kind: str
    frame: Frame | None
    headers: dict[str, str]
    raw: bytes = b""
    may_enter: bool = True


def over_http(count: int, seed: int, era: Era, serve: Sequence[str]) -> Found:
    """Send so many to one server over HTTP."""
    found = Found(f"http, {era}")
    with workplace() as (root, environ), _server(root, environ, serve) as server:
        with server.client() as client:
            session = _session(client, server.url, era)
            tools = _answer(client, server.url, honest_list(1, era), session)["result"]["tools"]
            honest = honest_call(2, "rlm_search", {"query": "total price"}, era)
            _answer(client, server.url, honest, session)
            half = standing(server.pid)
            supply = _requests(seed, tools, era, session)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for sent in range(0, count, TOGETHER):
                    some = list(islice(supply, min(TOGETHER, count - sent)))
                    found.sent.update(each.kind for each in some)
                    for wrong in pool.map(lambda one: _tried(client, server, one, found), some):
                        found.wrong += wrong
                    if sent < count // 2 <= sent + TOGETHER:
                        half = standing(server.pid)
                    if server.process.poll() is not None:
                        found.wrong.append(f"the server ended with {server.process.poll()}")
                        return found
            reply = _answer(client, server.url, honest, _session(client, server.url, era))
            if "shop/cart.py" not in json.dumps(reply):
                found.wrong.append(f"afterwards an honest search fails: {json.dumps(reply)[:300]}")
        found.grown = {k: round(v - half[k], 1) for k, v in standing(server.pid).items()}
        judge_growth(found)
        log = server.log()
    raised = log.count("Traceback (most recent")
    found.wrong += [f"{raised} traces of Python on standard error: {log[:3000]}"] if raised else []
    found.wrong += [
        f"on standard error: {word}"
        for word in (CANARY, SECRET, KEY, server.token)
        if word in log.replace(server.shown, "")
    ]
    return found


def _requests(
    seed: int, tools: Sequence[dict[str, Any]], era: Era, session: dict[str, str]
) -> Iterator[Sent]:
    """Requests without end, by the seed."""
    chance, supply = random.Random(seed), frames(seed, tools, era)
    while True:
        if chance.random() < 1 / 12:
            raw = chance.choice(NOT_HTTP)
            if chance.random() < 0.3:
                raw = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 400)))
            yield Sent("no HTTP", None, {}, raw)
            continue
        frame = next(supply)
        headers = {**session, **(_routing(frame.raw) if era == "modern" else {})}
        if chance.random() < 0.1:
            headers |= chance.choice(WRONG_HEADERS)
        if chance.random() < 0.05:
            token = chance.choice(["", "Bearer rlm_wrong", "Basic abc", "Bearer " + "x" * 3_000])
            yield Sent("no token", frame, headers | {"authorization": token}, may_enter=False)
        else:
            yield Sent(frame.kind, frame, headers)


def _tried(client: httpx2.Client, server: "Server", sent: Sent, found: Found) -> list[str]:
    """Send one and say what is wrong with what came."""
    if sent.frame is None:
        return _tried_raw(server, sent.raw)
    try:
        answer = client.post(server.url, content=sent.frame.raw, headers=sent.headers)
    except httpx2.RemoteProtocolError:
        return [f"cut off: {sent.kind}"]
    except (httpx2.WriteError, httpx2.ReadError):
        return [f"broken off: {sent.kind}"]
    except httpx2.TimeoutException:
        return [f"no answer: {sent.kind}: {sent.frame.raw[:300]!r}"]
    text = answer.text
    found.answers[str(answer.status_code)] += 1
    wrong = [f"shown: {w}: {text[:300]}" for w in (*NEVER_SHOWN, server.token) if w in text]
    if not sent.may_enter and answer.status_code not in (401, 403, 413, 421, 429):
        wrong.append(f"let in without a token ({answer.status_code}): {sent.frame.raw[:200]!r}")
    if answer.status_code >= 500:
        wrong.append(f"status {answer.status_code}: {sent.kind}: {sent.frame.raw[:300]!r}")
    if answer.status_code == 200:
        messages = _messages(answer)
        if not messages:
            wrong.append(f"200 without a message: {sent.kind}: {text[:200]!r}")
        for message in messages:
            found.look_at(message, json.dumps(message))
    return wrong


def _tried_raw(server: "Server", raw: bytes) -> list[str]:
    host, port = httpx2.URL(server.url).host, httpx2.URL(server.url).port
    came = b""
    try:
        with socket.create_connection((host, port), timeout=WITHIN_S) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                came += part
    except OSError as error:
        if isinstance(error, TimeoutError):
            return [f"a connection stays open: {raw[:200]!r}"]
    wrong = [f"shown: {word}" for word in NEVER_SHOWN if word.encode() in came]
    status = re.match(rb"HTTP/1\.1 (\d{3})", came)
    if came and (status is None or not 400 <= int(status[1]) < 500):
        wrong.append(f"no refusal of {raw[:200]!r}: {came[:200]!r}")
    return wrong


def _routing(raw: bytes) -> dict[str, str]:
    """The headers of the era of 2026 that name what the body asks for, where it says so."""
    try:
        message = json.loads(raw)
        found = {"mcp-method": message["method"]}
        params = message.get("params") or {}
        name = params.get("name", params.get("uri"))
        if isinstance(name, str):
            found["mcp-name"] = name
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    fits = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
    return {k: v for k, v in found.items() if isinstance(v, str) and fits.fullmatch(v)}


def _session(client: httpx2.Client, url: str, era: Era) -> dict[str, str]:
    """The headers of an honest client, after it has said who it is."""
    headers = {"mcp-protocol-version": PROTOCOL[era]}
    if era == "modern":
        return headers
    begin, told = opening(era)
    answer = client.post(url, content=begin)
    assert answer.status_code == 200, answer.text
    headers["mcp-session-id"] = answer.headers["mcp-session-id"]
    assert client.post(url, content=told, headers=headers).status_code == 202
    return headers


def _answer(client: httpx2.Client, url: str, raw: bytes, session: dict[str, str]) -> dict[str, Any]:
    headers = session | (_routing(raw) if "mcp-session-id" not in session else {})
    answer = client.post(url, content=raw, headers=headers)
    assert answer.status_code == 200, answer.text
    return next(message for message in _messages(answer) if "id" in message)


def _messages(answer: httpx2.Response) -> list[dict[str, Any]]:
    """The JSON-RPC messages of an answer, whether it is one or a stream."""
    if answer.headers.get("content-type", "").startswith("application/json"):
        return [answer.json()]
    lines = answer.text.splitlines()
    return [json.loads(line[5:]) for line in lines if line.startswith("data:") and line[5:].strip()]


class Server:
    """A server that serves over HTTP, and what it said on standard error."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None
        self.process, self.pid = process, process.pid
        self.shown = process.stderr.readline()
        self.token = self.shown.rpartition(" ")[2].strip()
        self.url = process.stderr.readline().rpartition(" ")[2].strip()
        self._lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def client(self) -> httpx2.Client:
        headers = ACCEPT | {"authorization": f"Bearer {self.token}"}
        limits = httpx2.Limits(max_connections=AT_ONCE + 1)
        return httpx2.Client(headers=headers, timeout=WITHIN_S, trust_env=False, limits=limits)

    def log(self) -> str:
        return "".join(self._lines)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.append(line)


@contextmanager
def _server(root: Path, environ: dict[str, str], serve: Sequence[str]) -> Generator[Server]:
    program = Path(sys.executable).with_name("rlm-mcp")
    command = [
        program,
        "serve",
        "--root",
        root,
        "--http",
        "127.0.0.1:0",
        "--rate",
        "100000",
        *serve,
    ]
    process = subprocess.Popen(
        [*command, *serve], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environ, text=True
    )
    try:
        yield Server(process)
    finally:
        process.kill()
        process.wait()
