"""Runs payloads in plain CPython, each in a fork of its own: `python control.py < jobs`.

The first line is JSON: the documents, [path, text] each, imports to make beforehand, and whether
the AST guard and the restricted builtins are put before the payload, with no jail around them.
A job is a line of JSON {code, limit_s}; its answer a line {text, peak_bytes, peak_tasks, survived}.
"""

import ast
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

TEXT_BYTES_MAX = 12_000_000
WATCH_S = 0.02
LIVED = 73
"""The exit code of a process whose payload came back."""

Execute = Callable[[str, dict[str, Any]], object]


class Document:
    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text


def main() -> None:
    first = json.loads(sys.stdin.readline())
    exec(first["imports"], {})
    context = [Document(path, text) for path, text in first["documents"]]
    execute = behind_the_guard() if first["guard"] else exec
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line), context, execute)), flush=True)


def behind_the_guard() -> Execute:
    from rlm_sandbox import guard
    from rlm_sandbox.safe_builtins import safe_builtins
    from rlm_sandbox.virtual_files import VirtualFiles

    safe = safe_builtins(VirtualFiles(1 << 20, lambda _: None).open, dict)

    def execute(code: str, names: dict[str, Any]) -> None:
        if not guard.check(compile(code, "<payload>", "exec", ast.PyCF_ONLY_AST)):
            names["__builtins__"] = safe
            exec(code, names)

    return execute


def run(job: dict[str, Any], context: list[Document], execute: Execute) -> dict[str, object]:
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        attack(job["code"], context, write_fd, execute)
    os.close(write_fd)
    text, in_time, tasks = drain(read_fd, time.monotonic() + job["limit_s"], pid, job["count"])
    os.close(read_fd)
    if not in_time:
        os.killpg(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    return {
        "text": text.decode(errors="replace"),
        "peak_bytes": usage.ru_maxrss * 1024,
        "peak_tasks": tasks,
        "survived": in_time and os.WIFEXITED(status) and os.WEXITSTATUS(status) == LIVED,
    }


def attack(code: str, context: list[Document], write_fd: int, execute: Execute) -> None:
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(write_fd, 1)
    os.dup2(write_fd, 2)
    names = {"__name__": "__main__", "context": context, "llm_query": print, "FINAL": print}
    try:
        execute(code, names)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(LIVED)


def drain(fd: int, deadline: float, session: int, count: bool) -> tuple[bytes, bool, int]:
    pieces: list[bytes] = []
    size = tasks = 0
    while True:
        left = max(0.0, deadline - time.monotonic())
        ready = select.select([fd], [], [], min(left, WATCH_S) if count else left)[0]
        if count:
            tasks = max(tasks, tasks_of(session))
        if not ready:
            if left > 0 and count:
                continue
            return b"".join(pieces), False, tasks
        data = os.read(fd, 1 << 16)
        if not data:
            return b"".join(pieces), True, tasks
        if size < TEXT_BYTES_MAX:
            pieces.append(data)
            size += len(data)


def tasks_of(session: int) -> int:
    """Threads of all processes in a session, by the kernel's own list."""
    tasks = 0
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", errors="replace") as file:  # noqa: PTH123
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session:
                tasks += int(fields[17])
    return tasks


if __name__ == "__main__":
    main()
