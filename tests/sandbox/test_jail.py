"""The kernel's layers: the filter by computation, the seal from outside, the ways it fails."""

import os
import select
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from backends import EVERY
from rlm_sandbox.jail import landlock, seccomp, syscalls
from rlm_sandbox.sandbox import Sandbox

MACHINES = tuple(syscalls.NUMBERS)
EPERM = seccomp.SECCOMP_RET_ERRNO | 1
ALLOW = seccomp.SECCOMP_RET_ALLOW


def answer(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    padded = (*arguments, *[0] * (6 - len(arguments)))
    found = syscalls.AUDIT_ARCH[machine] if arch is None else arch
    data = struct.pack("<IIQ6Q", number, found, 0, *padded)
    code = seccomp.program(machine, read_fd=5, write_fd=7)
    return seccomp.evaluate(code, lambda offset: struct.unpack_from("<I", data, offset)[0])


@pytest.mark.parametrize("machine", MACHINES)
def test_only_the_listed_calls_pass_the_filter(machine: str):
    numbers = syscalls.NUMBERS[machine]
    allowed = {number for number in range(600) if answer(machine, number, 0, 0, 0, 0x22) == ALLOW}

    listed = {numbers[name] for name in seccomp.PLAIN if name in numbers}
    assert allowed == listed | {numbers["mmap"], numbers["mprotect"]}


@pytest.mark.parametrize("machine", MACHINES)
def test_reading_and_writing_pass_on_the_two_pipes_only(machine: str):
    numbers = syscalls.NUMBERS[machine]
    readable = [fd for fd in range(20) if answer(machine, numbers["read"], fd) == ALLOW]
    writable = [fd for fd in range(20) if answer(machine, numbers["write"], fd) == ALLOW]

    assert (readable, writable) == ([5], [7])


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("mmap", (0, 4096, 3, 0x22), ALLOW),
        ("mmap", (0, 4096, 7, 0x22), EPERM),
        ("mmap", (0, 4096, 1, 0x02, 5), EPERM),
        ("mprotect", (0, 4096, 3), ALLOW),
        ("mprotect", (0, 4096, 5), EPERM),
    ],
    ids=["plain memory", "executable", "a file", "writable", "made executable"],
)
def test_memory_is_anonymous_and_never_executable(
    machine: str, name: str, arguments: tuple[int, ...], expected: int
):
    assert answer(machine, syscalls.NUMBERS[machine][name], *arguments) == expected


def test_calls_of_another_machine_kind_kill():
    kill = seccomp.SECCOMP_RET_KILL_PROCESS

    assert answer("x86_64", 0, 5, arch=0x40000003) == kill  # AUDIT_ARCH_I386
    assert answer("x86_64", seccomp.X32_SYSCALL_BIT, 5) == kill
    assert answer("aarch64", 63, 5, arch=0x40000028) == kill  # AUDIT_ARCH_ARM


@pytest.mark.parametrize(
    ("abi", "expected"),
    [
        (1, struct.pack("=Q", 0x1FFF)),
        (3, struct.pack("=Q", 0x7FFF)),
        (4, struct.pack("=2Q", 0x7FFF, 3)),
        (5, struct.pack("=2Q", 0xFFFF, 3)),
        (7, struct.pack("=3Q", 0xFFFF, 3, 3)),
        (99, struct.pack("=3Q", 0xFFFF, 3, 3)),
    ],
)
def test_landlock_handles_all_that_its_version_knows(abi: int, expected: bytes):
    assert landlock.ruleset(abi) == expected


@pytest.mark.asyncio
async def test_the_kernel_itself_says_that_the_child_is_sealed():
    async with await Sandbox.start() as sandbox:
        status, limits = of_process(sandbox.pid, "status"), of_process(sandbox.pid, "limits")

        assert "Seccomp:\t2\n" in status
        assert "NoNewPrivs:\t1\n" in status
        assert "CapEff:\t0000000000000000\n" in status
        assert "Threads:\t1\n" in status
        for name in ("processes", "file size", "open files", "core file size"):
            (line,) = (line for line in limits.splitlines() if line.startswith(f"Max {name}"))
            assert line.removeprefix(f"Max {name}").split()[:2] == ["0", "0"]
        assert os.getsid(sandbox.pid) == sandbox.pid


def of_process(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


WITHOUT = """
import asyncio, ctypes, struct, sys
from rlm_sandbox.availability import available
from rlm_sandbox.errors import SandboxUnavailable
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.jail import process, seccomp, syscalls

machine = syscalls.machine()
denied = {"landlock_create_ruleset": 444, **syscalls.NUMBERS[machine]}[sys.argv[1]]
code = [(0x20, 0, 0, 0), (0x15, 0, 1, denied), (0x06, 0, 0, 0x00050000 | 38),
        (0x06, 0, 0, seccomp.SECCOMP_RET_ALLOW)]
seccomp.program = lambda *_, **__: code
process.forbid_new_privileges(machine)
seccomp.install(machine, read_fd=0, write_fd=0)
print(available().missing)
try:
    asyncio.run(Sandbox.start())
except SandboxUnavailable as error:
    print(error.layer)
"""


@pytest.mark.parametrize(
    ("call", "foreseen", "layer"),
    [
        ("landlock_create_ruleset", "('landlock',)", "landlock"),
        ("seccomp", "('seccomp',)", "seccomp"),
        ("capset", "()", "no-capabilities"),
        ("prctl", "()", "dies-with-host"),
    ],
)
def test_without_a_required_layer_nothing_runs_and_the_layer_is_named(
    call: str, foreseen: str, layer: str
):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, call], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == [foreseen, layer]


HOST = """
import asyncio, sys
from rlm_sandbox.sandbox import Sandbox
async def main():
    sandbox = await Sandbox.start(backend=sys.argv[1])
    print(sandbox.pid, flush=True)
    await sandbox.execute("while True: pass")
asyncio.run(main())
"""


@pytest.mark.parametrize("backend", EVERY)
def test_the_child_dies_with_its_host(backend: str):
    command = [sys.executable, "-c", HOST, backend]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        child = os.pidfd_open(int(host.stdout.readline()))
        host.kill()
    try:
        ended, _, _ = select.select([child], [], [], 10)
    finally:
        os.close(child)

    assert ended == [child]
