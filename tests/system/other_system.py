"""A Python that looks like another system's to our packages: run by test_other_systems.py.

    python other_system.py {darwin,win32} '[["index", "--root", "."], ["doctor"]]'

What is not ours is imported first, as what it is here; then the names that the other system lacks
are taken away and `sys.platform` changes. Children that are started are as here. Each command of
rlm-mcp that is listed runs, then every module of ours is imported; what came of them is printed as
JSON: `[[[code, out, err], ...], [module, ...]]`.
"""

import contextlib
import importlib
import io
import json
import mmap
import os
import pkgutil
import signal
import sys
from types import SimpleNamespace

ROOMS = ("rlm_server", "rlm_tools", "rlm_engine", "rlm_memory", "rlm_crystal", "rlm_sandbox")
NOT_OURS = (
    "anyio._backends._asyncio", "argon2", "asyncio", "ctypes",
    "cryptography.hazmat.primitives.ciphers.aead", "cryptography.hazmat.primitives.kdf.hkdf",
    "filelock", "keyring", "mcp.server", "numpy", "pathspec", "platformdirs", "psutil", "pydantic",
    "snowballstemmer", "sqlite3", "subprocess", "tree_sitter",
    "tree_sitter_language_pack", "watchdog.events", "watchdog.observers", "zstandard",
)  # fmt: skip
LINUX_ONLY = "memfd_create MFD_CLOEXEC MFD_ALLOW_SEALING pidfd_open sched_getaffinity"
POSIX_ONLY = (
    "O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK fchmod fork forkpty getegid geteuid "
    "getgid getloadavg getpgid getuid killpg mkfifo nice setpgid setsid setuid sysconf uname"
)
# SIGKILL stays, as does WNOHANG above: this system's asyncio and subprocess end a child with them.
POSIX_SIGNALS = (
    "SIGALRM SIGCHLD SIGHUP SIGSTOP SIGUSR1 SIGUSR2 SIGXCPU pthread_kill pthread_sigmask setitimer"
)
POSIX_MAPPING = "MAP_PRIVATE MAP_SHARED PROT_READ PROT_WRITE"
# Whether the extra that runs code there is installed is not the question here.
EXTRAS = ("componentize_py", "wasmtime")
POSIX_MODULES = ("fcntl", "grp", "pwd", "resource", "termios")


def become(system: str) -> None:
    """Change this process for good."""
    for name in NOT_OURS:
        importlib.import_module(name)
    if system == "win32":
        filelock = importlib.import_module("filelock")
        # The lock of a POSIX system, which is loaded here, needs what is now taken away.
        vars(filelock)["FileLock"] = filelock.SoftFileLock
        # From Python 3.12 on it asks Windows whether the working directory is searched as well.
        shutil = importlib.import_module("shutil")
        vars(shutil)["_winapi"] = SimpleNamespace(NeedCurrentDirectoryForExePath=bool)
        take_away(os, POSIX_ONLY)
        take_away(signal, POSIX_SIGNALS)
        take_away(mmap, POSIX_MAPPING)
        for name in POSIX_MODULES:
            sys.modules[name] = None  # pyright: ignore[reportArgumentType]
    for name in EXTRAS:
        sys.modules[name] = None  # pyright: ignore[reportArgumentType]
    take_away(os, LINUX_ONLY)
    sys.platform = system


def take_away(module: object, names: str) -> None:
    for name in names.split():
        vars(module).pop(name, None)


def ran(arguments: list[str]) -> tuple[int, str, str]:
    """Run one command of rlm-mcp: how it ended, and what it wrote to each stream."""
    from rlm_server.cli import run

    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(arguments)
        out.flush()
    return code, out.buffer.getvalue().decode(), err.getvalue()  # pyright: ignore[reportAttributeAccessIssue]


def import_all() -> list[str]:
    """Import every module of ours, and tell their names."""
    found = [
        module.name
        for room in ROOMS
        for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}.")
    ]
    for name in found:
        importlib.import_module(name)
    return found


if __name__ == "__main__":
    become(sys.argv[1])
    print(json.dumps([[ran(command) for command in json.loads(sys.argv[2])], import_all()]))
