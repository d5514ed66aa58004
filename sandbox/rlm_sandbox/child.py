"""Entry of the child, run by path: `python -I -S -B child.py READ_FD WRITE_FD LINK_FD HOST_PID`.

The package is mounted by hand, without its `__init__`: that one is the host's side.
"""

import sys
from types import ModuleType


def main() -> None:
    """Mount the package this file lies in and serve until the host is gone."""
    read_fd, write_fd, link_fd, host_pid = (int(argument) for argument in sys.argv[1:5])
    package = ModuleType("rlm_sandbox")
    package.__path__ = [__file__.rpartition("/")[0]]
    sys.modules["rlm_sandbox"] = package
    sys.argv = [""]
    from rlm_sandbox.serve import serve

    serve(read_fd, write_fd, link_fd, host_pid)


if __name__ == "__main__":
    main()
