"""Random frames on a real server: it never dies, never leaks, and always answers what it must.

    python benchmarks/fuzz.py [--stdio 1000] [--http 1000] [--seed N] [--era legacy|modern] [--json]

Frames by `fuzz_frames.py`: malformed JSON, wrong types, huge and deeply nested values, unknown
methods, bytes that are no UTF-8, duplicated ids, batches, every argument of every tool with wrong
types and hostile texts. The server runs on a small repository beside files it must not show.
After the frames it must still answer an honest search rightly. What is looked for:

- a frame that had to be answered and was not, within 30 s
- a line on standard output that is no JSON-RPC message
- over HTTP a status of 500 or above, a body that is none of the protocol's, an open door
- text of a file outside of the root, of a secret in it, or of the key in any reply
- a trace of Python in a reply, or on standard error
- memory, threads, open files or child processes that grow from one half to the other

Exits 1 where any of it is found. Linux, for what grows.
"""

import argparse
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from fuzz_found import CANARY, KEY, SECRET, Found, judge_growth, standing, workplace
from fuzz_frames import Era, Frame, frames, honest_call, honest_list, opening
from fuzz_http import over_http

ANSWERED_WITHIN_S = 30.0
TOGETHER = 25


def main() -> None:
    parser = argparse.ArgumentParser(description="Put random frames on a real server.")
    parser.add_argument("--stdio", type=int, default=0, metavar="N", help="so many over stdio")
    parser.add_argument("--http", type=int, default=0, metavar="N", help="so many over HTTP")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--era", choices=["legacy", "modern"], action="append")
    parser.add_argument("--serve", nargs="*", default=[], metavar="OPTION", help="to the server")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    eras: list[Era] = options.era or ["legacy", "modern"]
    ways = ((over_stdio, options.stdio), (over_http, options.http))
    found = [
        over(count, options.seed, era, options.serve)
        for over, count in ways
        if count
        for era in eras
    ]
    for each in found:
        print(json.dumps(each.fields()) if options.json else each.in_words())
    sys.exit(any(each.wrong for each in found))


def over_stdio(count: int, seed: int, era: Era, serve: list[str]) -> Found:
    """Send so many frames to one server over its standard input."""
    found = Found(f"stdio, {era}")
    with workplace() as (root, environ), _server(root, environ, serve) as wire:
        for raw in opening(era):
            wire.send(raw)
        wire.wait_for({0}, found)
        wire.send(honest_list(1, era))
        wire.send(honest_call(2, "rlm_search", {"query": "total price"}, era))
        tools = wire.wait_for({1, 2}, found)[1]["result"]["tools"]
        half = standing(wire.pid)
        supply = frames(seed, tools, era)
        for sent in range(0, count, TOGETHER):
            _send_together(wire, list(islice(supply, min(TOGETHER, count - sent))), found)
            if sent < count // 2 <= sent + TOGETHER:
                half = standing(wire.pid)
            if wire.ended:
                found.wrong.append(f"the server ended with {wire.process.wait()}")
                break
        else:
            _still_fine(wire, era, found)
            found.grown = {k: round(v - half[k], 1) for k, v in standing(wire.pid).items()}
            judge_growth(found)
        log = wire.log()
    raised = log.count("Traceback (most recent")
    found.wrong += [f"{raised} traces of Python on standard error: {log[:3000]}"] if raised else []
    found.wrong += [f"on standard error: {word}" for word in (CANARY, SECRET, KEY) if word in log]
    return found


def _send_together(wire: "Wire", together: list[Frame], found: Found) -> None:
    must = [frame for frame in together if frame.answer in ("result or error", "error")]
    for frame in together:
        found.sent[frame.kind] += 1
        wire.send(frame.raw)
    replies = wire.wait_for({frame.id for frame in must if frame.id is not None}, found)
    nulls = sum(frame.id is None for frame in must)
    wire.wait_for_nulls(nulls, found)
    for frame in must:
        reply = replies.get(frame.id) if frame.id is not None else None
        if frame.id is not None and reply is None:
            found.wrong.append(f"no answer: {frame.kind}: {frame.raw[:300]!r}")
        elif frame.answer == "error" and reply is not None and "error" not in reply:
            found.wrong.append(f"no error: {frame.kind}: {frame.raw[:300]!r}")


def _still_fine(wire: "Wire", era: Era, found: Found) -> None:
    wire.send(honest_call(3, "rlm_search", {"query": "total price"}, era))
    reply = wire.wait_for({3}, found).get(3, {})
    if "shop/cart.py" not in json.dumps(reply):
        found.wrong.append(f"afterwards an honest search fails: {json.dumps(reply)[:300]}")


class Wire:
    """A server over pipes; replies are read by a thread."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self.pid = process.pid
        self._log = log
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._kept: dict[str | int, dict[str, Any]] = {}
        self._nulls = 0
        self.ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, raw: bytes) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(raw + b"\n")
            self.process.stdin.flush()
        except OSError:
            self.ended = True

    def wait_for(self, ids: set[Any], found: Found) -> dict[Any, dict[str, Any]]:
        """The replies to these ids, those that came within the bound."""
        self._take(lambda: ids <= self._kept.keys(), found)
        return {id_: self._kept.pop(id_) for id_ in ids & self._kept.keys()}

    def wait_for_nulls(self, count: int, found: Found) -> None:
        """Wait until so many errors came that name no id."""
        self._take(lambda: self._nulls >= count, found)
        if self._nulls < count and not self.ended:
            found.wrong.append(f"{count - self._nulls} frames that are no request got no error")
        self._nulls = 0

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def _take(self, enough: Any, found: Found) -> None:
        until_s = time.monotonic() + ANSWERED_WITHIN_S
        while not enough() and not self.ended and (left_s := until_s - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left_s)
            except queue.Empty:
                return
            if line is None:
                self.ended = True
            else:
                self._take_line(line, found)

    def _take_line(self, line: bytes, found: Found) -> None:
        try:
            message = json.loads(line)
            assert message["jsonrpc"] == "2.0"
        except (ValueError, KeyError, TypeError, AssertionError):
            found.wrong.append(f"no message on standard output: {line[:300]!r}")
            return
        found.look_at(message, line.decode(errors="replace"))
        if message.get("id") is not None:
            self._kept[message["id"]] = message
        elif "error" in message:
            self._nulls += 1

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)


@contextmanager
def _server(root: Path, environ: dict[str, str], serve: list[str]) -> Generator[Wire]:
    log = root.parent / "stderr.log"
    command = [Path(sys.executable).with_name("rlm-mcp"), "serve", "--root", root, *serve]
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=environ
        )
    try:
        yield Wire(process, log)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
