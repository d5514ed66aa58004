"""Entry of the helper, run by path, each value an argument of `python -I -S helper.py`.

    ROOM PACKAGES COMPONENT MEMORY_BYTES HOST_PID sealed|open

The package is mounted by hand, without its `__init__`: that one is the host's side.
"""

import os
import sys
from types import ModuleType


def main() -> None:
    """Mount the package this file lies in and serve until the host is gone."""
    room, packages, component, memory_bytes, host_pid, jail = sys.argv[1:7]
    sys.path.extend(packages.split(os.pathsep))
    package = ModuleType("rlm_sandbox")
    package.__path__ = [room]
    sys.modules["rlm_sandbox"] = package
    from rlm_sandbox.wasm.machine import serve

    serve(
        component,
        memory_bytes=int(memory_bytes),
        host_pid=int(host_pid),
        sealed=jail == "sealed",
    )


if __name__ == "__main__":
    main()
