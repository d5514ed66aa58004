"""Resource limits: memory beyond what is mapped now, and nothing that could be spread or filled.

`resource` is no module of Windows, where nothing is ever sealed, so it is imported by the functions
that need it. `mapped_bytes` comes first and before the seal: after it no file can be opened.
"""

from typing import Final

CPU_SESSION_S: Final = 3600
"""A backstop for a child whose host stands still; the host watches each cell's own limit."""


def restrict(address_space_bytes: int) -> None:
    """Set every limit, soft and hard, for good."""
    import resource

    for limit, value in (
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_CPU, CPU_SESSION_S),
        (resource.RLIMIT_AS, address_space_bytes),
    ):
        resource.setrlimit(limit, (value, value))


def mapped_bytes() -> int:
    """The address space this process has now, the shared context included."""
    import resource

    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[0]) * resource.getpagesize()
