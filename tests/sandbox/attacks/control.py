"""Runs payloads in plain CPython, each in a fork of its own: `python control.py < jobs`.

The first line is the JSON list of documents, [path, text] each, and imports to make beforehand.
A job is a line of JSON {code, limit_s}; its answer a line {text, peak_bytes, survived}.
"""

import json
import os
import select
import signal
import sys
import time
import traceback
from typing import Any

TEXT_BYTES_MAX = 8_000_000


class Document:
    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text


def main() -> None:
    first = json.loads(sys.stdin.readline())
    exec(first["imports"], {})
    context = [Document(path, text) for path, text in first["documents"]]
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line), context)), flush=True)


def run(job: dict[str, Any], context: list[Document]) -> dict[str, object]:
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        attack(job["code"], context, write_fd)
    os.close(write_fd)
    text, in_time = drain(read_fd, time.monotonic() + job["limit_s"])
    os.close(read_fd)
    if not in_time:
        os.killpg(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    return {
        "text": text.decode(errors="replace"),
        "peak_bytes": usage.ru_maxrss * 1024,
        "survived": in_time and os.WIFEXITED(status),
    }


def attack(code: str, context: list[Document], write_fd: int) -> None:
    os.setpgid(0, 0)
    os.dup2(write_fd, 1)
    os.dup2(write_fd, 2)
    try:
        exec(code, {"__name__": "__main__", "context": context})
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def drain(fd: int, deadline: float) -> tuple[bytes, bool]:
    pieces: list[bytes] = []
    size = 0
    while True:
        left = deadline - time.monotonic()
        ready = select.select([fd], [], [], max(0.0, left))[0]
        if not ready:
            return b"".join(pieces), False
        data = os.read(fd, 1 << 16)
        if not data:
            return b"".join(pieces), True
        if size < TEXT_BYTES_MAX:
            pieces.append(data)
            size += len(data)


if __name__ == "__main__":
    main()
