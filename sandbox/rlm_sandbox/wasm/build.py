"""Builds the component, run by path: `python -I -S build.py ROOM COMPONENT PACKAGES`.

A process of its own, so that it can be ended when nobody waits for it any more. One builds at a
time; who comes second finds the component there.
"""

import os
import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_BUILDING: Final = "building-"


def main() -> None:
    """Mount the package and build the component, whole or not at all."""
    room, target, packages = sys.argv[1:4]
    sys.path.extend(packages.split(os.pathsep))
    package = ModuleType("rlm_sandbox")
    package.__path__ = [room]
    sys.modules["rlm_sandbox"] = package
    from filelock import FileLock

    path = Path(target)
    os.umask(0o077)  # machine code: nobody else may write it
    with FileLock(path.parent / "lock"):
        for left in path.parent.glob(f"{_BUILDING}*"):
            shutil.rmtree(left)  # of a build that was killed
        if not path.exists():
            with tempfile.TemporaryDirectory(prefix=_BUILDING, dir=path.parent) as folder:
                build(Path(folder), path)


def build(folder: Path, path: Path) -> None:
    """Component, then machine code, then in one step to its place."""
    from rlm_sandbox.wasm.machine import engine
    from rlm_sandbox.wasm.sources import stage

    components: Any = import_module("wasmtime.component")
    stage(folder)
    os.chdir(folder)
    componentize()
    compiled = components.Component.from_file(engine(), "room.wasm").serialize()
    Path("room.cwasm").write_bytes(compiled)
    os.chdir(path.parent)
    (folder / "room.cwasm").replace(path)


def componentize() -> None:
    """Make room.wasm of what lies in the working directory."""
    componentize_py: Any = import_module("componentize_py")
    sys.argv = [
        "componentize-py", "-q", "-d", "room.wit", "-w", "room",
        "componentize", "entry", "-p", ".", "-o", "room.wasm",
    ]  # fmt: skip
    try:
        componentize_py.script()
    except SystemExit as ended:
        if ended.code:
            raise


if __name__ == "__main__":
    main()
