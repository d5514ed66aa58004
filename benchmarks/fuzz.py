"""Random frames on a real server: it never dies, never leaks, and always answers what it must.

    python benchmarks/fuzz.py --stdio 1000 [--seed N] [--era legacy|modern] [--json]

Frames by `fuzz_frames.py`: malformed JSON, wrong types, huge and deeply nested values, unknown
methods, bytes that are no UTF-8, duplicated ids, batches, every argument of every tool with wrong
types and hostile texts. The server runs on a small repository beside files it must not show.
After the frames it must still answer an honest search rightly. What is looked for:

- a frame that had to be answered and was not, within 30 s
- a line on standard output that is no JSON-RPC message
- text of a file outside of the root, of a secret in it, or of the key in any reply
- a trace of Python in a reply, or on standard error
- memory, threads, open files or child processes that grow from one half to the other

Exits 1 where any of it is found. Linux, for what grows.
"""

import argparse
import base64
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from fuzz_frames import Era, Frame, frames, honest_call, honest_list, opening

CANARY = "canary-of-a-file-outside"
SECRET = "canary-of-a-secret-inside"
KEY = base64.b64encode(b"K" * 32).decode()
NEVER_SHOWN = (CANARY, SECRET, KEY, "Traceback (most recent", "root:x:0")
ANSWERED_WITHIN_S = 30.0
TOGETHER = 25
GROWTH_MB_MAX = 48.0
CART = '''"""A shop."""


def total_price(items: list[float]) -> float:
    """Sum the prices of everything in the cart."""
    return sum(items)
'''


def main() -> None:
    parser = argparse.ArgumentParser(description="Put random frames on a real server.")
    parser.add_argument("--stdio", type=int, default=0, metavar="N", help="so many over stdio")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--era", choices=["legacy", "modern"], action="append")
    parser.add_argument("--serve", nargs="*", default=[], metavar="OPTION", help="to the server")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    eras: list[Era] = options.era or ["legacy", "modern"]
    found = [over_stdio(options.stdio, options.seed, era, options.serve) for era in eras]
    for each in found:
        print(json.dumps(each.fields()) if options.json else each.in_words())
    sys.exit(any(each.wrong for each in found))


@dataclass
class Found:
    """What came of a number of frames over one transport."""

    over: str
    sent: Counter[str] = field(default_factory=Counter[str])
    answers: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])
    grown: dict[str, float] = field(default_factory=dict[str, float])

    def fields(self) -> dict[str, Any]:
        sent, answers = dict(self.sent), dict(self.answers)
        told = {"over": self.over, "frames": self.sent.total(), "wrong": self.wrong}
        return told | {"sent": sent, "answers": answers, "grown": self.grown}

    def in_words(self) -> str:
        lines = [f"{self.over}: {self.sent.total()} frames, {len(self.wrong)} things wrong"]
        lines += [f"  {count:5}  {kind}" for kind, count in self.sent.most_common()]
        lines += [f"  answers: {', '.join(f'{n} {k}' for k, n in self.answers.most_common())}"]
        lines += [f"  grown: {', '.join(f'{k} {v:+g}' for k, v in self.grown.items())}"]
        return "\n".join([*lines, *(f"  WRONG {each}" for each in self.wrong)])

    def look_at(self, message: dict[str, Any], text: str) -> None:
        """Take one reply down."""
        error = message.get("error")
        if error is not None:
            self.answers[f"error {error.get('code')}"] += 1
        elif "result" in message:
            failed = message["result"].get("isError") is True
            self.answers["tool error" if failed else "result"] += 1
        self.wrong += [f"shown: {word}: {text[:300]}" for word in NEVER_SHOWN if word in text]


@contextmanager
def workplace() -> Generator[tuple[Path, dict[str, str]]]:
    """A small repository with traps beside and in it, and the environment for a server on it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "root"
        (root / "shop").mkdir(parents=True)
        (root / "shop" / "cart.py").write_text(CART)
        (root / "README.md").write_text("# Shop\n\nPrices are in euros.\n")
        (root / ".env").write_text(f"PASSWORD={SECRET}\n")
        (Path(folder) / "canary.txt").write_text(f"{CANARY}\n")
        (root / "shop" / "way_out.txt").symlink_to(Path(folder) / "canary.txt")
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RLM_")}
        yield root, {**plain, "RLM_HOME": str(Path(folder) / "home"), "RLM_KEY": KEY}


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
        half = _standing(wire.pid)
        supply = frames(seed, tools, era)
        for sent in range(0, count, TOGETHER):
            _send_together(wire, list(islice(supply, min(TOGETHER, count - sent))), found)
            if sent < count // 2 <= sent + TOGETHER:
                half = _standing(wire.pid)
            if wire.ended:
                found.wrong.append(f"the server ended with {wire.process.wait()}")
                break
        else:
            _still_fine(wire, era, found)
            found.grown = {k: round(v - half[k], 1) for k, v in _standing(wire.pid).items()}
            _judge_growth(found)
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


def _judge_growth(found: Found) -> None:
    bounds = {"RSS MB": GROWTH_MB_MAX, "threads": 8, "open files": 8, "children": 2}
    for what, bound in bounds.items():
        if found.grown[what] > bound:
            found.wrong.append(f"{what} grew by {found.grown[what]} over the second half")


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


def _standing(pid: int) -> dict[str, float]:
    """What a server holds of the machine now."""
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {
        "RSS MB": int(fields["VmRSS"].split()[0]) / 1024,
        "threads": int(fields["Threads"]),
        "open files": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "children": len(children),
    }


if __name__ == "__main__":
    main()
