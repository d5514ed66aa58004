"""Runs payloads against plain CPython and against a sandbox, and tells which reached their end."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import anyio
from rlm_sandbox.backend import BackendName
from rlm_sandbox.context import SharedContext
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.spare import Spares
from rlm_sandbox.types import Execution, JsonValue, Limits

from attacks import control
from attacks.payload import DANGEROUS_IMPORTS, Payload
from attacks.planted import MEMORY_LIMIT, Outcome, Planted

LIMITS = Limits(wall_s=0.15, memory_bytes=MEMORY_LIMIT, virtual_files_bytes=1 << 20)
_WATCH_S = 0.01
_CONTROL_S = 10.0
_CONTROL_LOST_S = 0.2
"""What is meant to last for ever needs no long look to be believed."""


def reached_in_plain_cpython(
    things: Planted, payloads: Sequence[Payload], *, guard: bool = False
) -> set[str]:
    """Names of the payloads that have their effect with nothing, or the guard alone, around."""
    reached: set[str] = set()
    with _plain_cpython(things, payloads, guard=guard) as run:
        for number, payload in enumerate(payloads):
            outcome = run(things.fill(payload.code, payload, number), payload)
            if things.reached(payload, outcome):
                reached.add(payload.name)
    return reached


async def reached_in_sandbox(
    things: Planted, payloads: Sequence[Payload], *, guard: bool, backend: BackendName | None = None
) -> set[str]:
    """Names of the payloads that have their effect from inside of one session."""
    reached: set[str] = set()
    heard: list[str] = []

    async def llm_query(prompt: str) -> JsonValue:
        heard.append(prompt)
        return "heard"

    spares = Spares()
    with SharedContext.from_documents(things.documents(payloads)) as context:
        sandbox = await Sandbox.start(
            limits=LIMITS,
            context=context,
            functions={"llm_query": llm_query},
            prelude=_imports(backend),
            guard=guard,
            backend=backend,
            spares=spares,
        )
    async with sandbox:
        for number, payload in enumerate(payloads):
            code = things.fill(payload.code, payload, number)
            outcome = await _run_in_sandbox(sandbox, code, payload, heard)
            if things.reached(payload, outcome):
                reached.add(payload.name)
    await spares.close()
    return reached


def _imports(backend: BackendName | None) -> str:
    if backend != "wasm":
        return DANGEROUS_IMPORTS
    # A machine without files has no other modules than it was built with: most are missing.
    names = DANGEROUS_IMPORTS.removeprefix("import ").split(", ")
    return "".join(f"try: import {name}\nexcept ImportError: pass\n" for name in names)


async def _run_in_sandbox(
    sandbox: Sandbox, code: str, payload: Payload, heard: list[str]
) -> Outcome:
    heard.clear()
    peaks = [0, 0]
    execution: Execution | None = None
    with anyio.fail_after(60):
        await sandbox.execute("kept_bomb = None\nkept = [1, (2, 3)]", wall_s=10)
        async with anyio.create_task_group() as watching:
            if payload.proof in ("memory", "tasks"):
                watching.start_soon(_watch, sandbox.pid, peaks)
            execution = await sandbox.execute(code)
            watching.cancel_scope.cancel()
        after = await sandbox.execute("kept", wall_s=10)
    survived = (after.output, after.error, after.state_lost) == ("[1, (2, 3)]\n", None, ())
    assert execution is not None
    return Outcome(_told(execution, after, heard), peaks[0], peaks[1], survived)


async def _watch(pid: int, peaks: list[int]) -> None:
    while True:
        peaks[:] = map(max, zip(peaks, _use_of(pid), strict=True))
        await anyio.sleep(_WATCH_S)


def _use_of(pid: int) -> tuple[int, int]:
    """The most memory so far and the tasks of the whole session; nothing where it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        most = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(most.split()[1]) * 1024, control.tasks_of(os.getsid(pid))
    except (OSError, StopIteration):
        return 0, 0


def _told(execution: Execution, after: Execution, heard: list[str]) -> str:
    """Everything that reached the host, by whatever field, in this cell or the next."""
    told = (execution.output, execution.final, execution.error, execution.variables)
    return f"{told}{execution.state_lost}{after}{heard}"


@contextmanager
def _plain_cpython(
    things: Planted, payloads: Sequence[Payload], *, guard: bool
) -> Generator[Callable[[str, Payload], Outcome]]:
    with subprocess.Popen(
        [sys.executable, "-I", control.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout
        documents = things.documents(payloads)
        first = {"imports": DANGEROUS_IMPORTS, "documents": documents, "guard": guard}
        print(json.dumps(first), file=stdin, flush=True)

        def run(code: str, payload: Payload) -> Outcome:
            limit_s = _CONTROL_LOST_S if payload.proof == "lost" else _CONTROL_S
            job = {"code": code, "limit_s": limit_s, "count": payload.proof == "tasks"}
            print(json.dumps(job), file=stdin, flush=True)
            return Outcome(**json.loads(stdout.readline()))

        yield run
