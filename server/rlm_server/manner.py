"""How a process uses the service: a server answers soon, a command waits and writes down."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manner:
    """Bounds in seconds, None for as long as it takes.

    `ready_wait_s` is for the first index and `fresh_wait_s` for catching up with the disk; both
    together stay well below the 60 s after which clients give up. `model` is what a person named
    for this one process, above what is stored.
    """

    ready_wait_s: float | None = 20.0
    fresh_wait_s: float | None = 15.0
    watch: bool = True
    persist: bool = False
    allow_wide: bool = False
    model: str = ""


COMMAND = Manner(ready_wait_s=None, fresh_wait_s=None, watch=False, persist=True)
