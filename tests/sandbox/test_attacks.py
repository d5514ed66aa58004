"""Every payload against plain CPython, where most must work, and against the sandbox: none may."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from attacks import control
from attacks.payloads import ALL, DANGEROUS_IMPORTS, Category, Payload
from attacks.planted import MEMORY_LIMIT, Outcome, Planted, planted
from rlm_sandbox import Execution, Limits, Sandbox, SharedContext

CATEGORIES = tuple(dict.fromkeys(payload.category for payload in ALL))
LIMITS = Limits(wall_s=0.3, memory_bytes=MEMORY_LIMIT, virtual_files_bytes=1 << 20)


@pytest.fixture
def things(tmp_path: Path) -> Iterator[Planted]:
    with planted(tmp_path) as everything:
        yield everything


def test_the_seven_categories_have_payloads_enough():
    counts = Counter(payload.category for payload in ALL)

    assert len(counts) == 7
    assert min(counts.values()) >= 6
    assert len({payload.name for payload in ALL}) == len(ALL)


def test_most_payloads_reach_their_effect_in_plain_cpython(things: Planted):
    failed: list[str] = []
    with plain_cpython(things) as run:
        for number, payload in enumerate(ALL):
            outcome = run(things.fill(payload.code, payload, number), payload)
            if not things.reached(payload, outcome):
                failed.append(payload.name)

    assert len(failed) <= 0.15 * len(ALL), failed


@pytest.mark.asyncio
@pytest.mark.parametrize("guard", [True, False], ids=["guard-on", "guard-off"])
@pytest.mark.parametrize("category", CATEGORIES)
async def test_no_payload_reaches_its_effect_in_the_sandbox(
    things: Planted, category: Category, guard: bool
):
    payloads = [payload for payload in ALL if payload.category == category]
    reached: list[str] = []
    with SharedContext.from_documents(things.documents(payloads)) as context:
        sandbox = await Sandbox.start(
            limits=LIMITS, context=context, prelude=DANGEROUS_IMPORTS, guard=guard
        )
    async with sandbox:
        for number, payload in enumerate(payloads):
            code = things.fill(payload.code, payload, number)
            outcome = await run_in_sandbox(sandbox, code)
            if things.reached(payload, outcome):
                reached.append(payload.name)

    assert reached == []


async def run_in_sandbox(sandbox: Sandbox, code: str) -> Outcome:
    with anyio.fail_after(30):
        await sandbox.execute("kept_bomb = None\nkept = [1, (2, 3)]")
        execution = await sandbox.execute(code)
        peak = peak_bytes(sandbox)
        after = await sandbox.execute("kept")
    return Outcome(told(execution), peak, after.output == "[1, (2, 3)]\n")


@contextmanager
def plain_cpython(things: Planted) -> Iterator[Callable[[str, Payload], Outcome]]:
    with subprocess.Popen(
        [sys.executable, "-I", control.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout
        first = {"imports": DANGEROUS_IMPORTS, "documents": things.documents(ALL)}
        print(json.dumps(first), file=stdin, flush=True)

        def run(code: str, payload: Payload) -> Outcome:
            # What is meant to last for ever needs no long look to be believed.
            limit_s = 0.4 if payload.proof == "lost" else 10.0
            print(json.dumps({"code": code, "limit_s": limit_s}), file=stdin, flush=True)
            return Outcome(**json.loads(stdout.readline()))

        yield run


def told(execution: Execution) -> str:
    error = execution.error
    return f"{execution.output}{execution.final}{error}{execution.variables}"


def peak_bytes(sandbox: Sandbox) -> int:
    status = Path(f"/proc/{sandbox.pid}/status").read_text()
    peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peaks[0]) * 1024
