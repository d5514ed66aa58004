"""The component that helpers run: built once from the room's own source, then only loaded.

componentize-py puts the REPL and its CPython into a component and lets it make all its imports;
wasmtime compiles that to machine code. The result lies in the user's cache folder under a name
that says what it was made from; it holds nothing of any corpus. Building takes about half a
minute of processor time.
"""

import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

import anyio

from rlm_sandbox.errors import SandboxUnavailable
from rlm_sandbox.wasm.packages import PACKAGES, package_folder
from rlm_sandbox.wasm.sources import ENTRY, sources, wit

_BUILD: Final = Path(__file__).with_name("build.py")
_BUILD_S: Final = 600.0
_KEPT_VARIABLES: Final = ("LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


async def prepare(folder: Path | None = None) -> Path:
    """The component, built now where it is not there; raises SandboxUnavailable.

    Several processes may want it at once: one builds, the others wait.
    """
    path = place(folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            await _build(path)
        _require_private(path)
    except OSError as error:
        raise SandboxUnavailable("wasm component", f"its folder cannot be used: {error}") from error
    return path


def place(folder: Path | None = None) -> Path:
    """Where the component of this version lies; default: below the user's cache folder."""
    import platformdirs

    folder = folder or platformdirs.user_cache_path("rlm-mcp", appauthor=False)
    return folder / "wasm" / f"{_identity()}.cwasm"


@cache
def _identity() -> str:
    """What a component was made from and for, in one name."""
    parts: Mapping[str, bytes] = {
        **sources(),
        "room.wit": wit(),
        "entry.py": ENTRY.encode(),
        "build.py": _BUILD.read_bytes(),
        **{name: importlib.metadata.version(name).encode() for name in PACKAGES.values()},
        "machine": f"{sys.platform} {platform.machine()}".encode(),
    }
    digest = blake2b(digest_size=16)
    for name, content in sorted(parts.items()):
        digest.update(name.encode() + b"\0" + blake2b(content).digest())
    return digest.hexdigest()


def _require_private(path: Path) -> None:
    """Machine code is loaded from there: nobody else may have been able to write it."""
    if sys.platform == "win32":
        return  # the user's own cache folder is closed to others by the system
    for each in (path, path.parent):
        found = each.stat()
        if found.st_uid != os.getuid() or found.st_mode & 0o022:
            reason = f"{each} belongs to, or can be written by, another user; delete it"
            raise SandboxUnavailable("wasm component", reason)


async def _build(path: Path) -> None:
    folders = [package_folder(name) for name in (*PACKAGES, "filelock")]
    command = [
        sys.executable, "-I", "-S", "-B", "-X", "utf8", str(_BUILD), str(_BUILD.parent.parent),
        str(path), os.pathsep.join(dict.fromkeys(folders)),
    ]  # fmt: skip
    try:
        with anyio.fail_after(_BUILD_S):
            done = await anyio.run_process(
                command,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
                cwd=path.parent,
                check=False,
            )
    except TimeoutError:
        reason = f"building it took longer than {_BUILD_S:g} s"
        raise SandboxUnavailable("wasm component", reason) from None
    if done.returncode:
        told = done.stdout.decode("utf-8", "replace").strip()[-2000:]
        raise SandboxUnavailable("wasm component", f"it could not be built: {told}")
