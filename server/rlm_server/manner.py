"""How a process uses the service: a server answers soon, a command waits and writes down."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rlm_tools.toolset import Toolset

if TYPE_CHECKING:
    from rlm_engine.trace import Watch


@dataclass(frozen=True, slots=True)
class Manner:
    """Bounds in seconds, None for as long as it takes.

    `ready_wait_s` is for the first index and `fresh_wait_s` for catching up with the disk; both
    together stay well below the 60 s after which clients give up. A search that comes before the
    first index is done is answered from the files themselves after `glance_after_s`, which leaves
    1.4 s of two for the process to start; without `first_index` none is made. With `spares`
    the child that runs the code of the next question is started ahead. `model` is what a person
    named for this one process, above what is stored; `follow` is told what each run does.
    `toolset` says which tools are offered. With `read_only` no call changes what later ones see:
    no tool that says it does is offered, and no answer is remembered. After `rest_after_s` to twice
    that without a request, memory is given back.
    """

    ready_wait_s: float | None = 20.0
    fresh_wait_s: float | None = 15.0
    glance_after_s: float | None = 0.6
    watch: bool = True
    persist: bool = False
    allow_wide: bool = False
    first_index: bool = True
    spares: bool = True
    model: str = ""
    follow: "Watch | None" = None
    toolset: Toolset = "core"
    read_only: bool = False
    rest_after_s: float = 150.0


COMMAND = Manner(
    ready_wait_s=None,
    fresh_wait_s=None,
    glance_after_s=None,
    watch=False,
    persist=True,
    spares=False,
)
AT_ONCE = replace(COMMAND, glance_after_s=1.5, first_index=False)
