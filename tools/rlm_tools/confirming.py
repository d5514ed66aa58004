"""Answers whose evidence was compared with the disk before they are given.

A crystal follows the disk closely, and still a file may change after it was read, or change in a
way nothing told of. So the files an answer names are compared by content; where one differs the
answer is made again from a newer crystal, in which a definition that moved stands on its new lines
and a file that went away is in no result.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TypeVar

from anyio.to_thread import run_sync
from rlm_crystal.types import ProgressSink

from rlm_tools.host import Host, View

_TRIES = 3
_R = TypeVar("_R")


async def confirmed(
    host: Host,
    progress: ProgressSink,
    make: Callable[[View], _R],
    paths_of: Callable[[_R], Collection[str]],
) -> tuple[_R, View]:
    """What `make` makes in a thread of a view whose files are those on disk, and the view.

    Where a file changes faster than it can be read, the view says that it is stale.
    """
    view = await host.view(progress)
    for _ in range(_TRIES):
        made = await run_sync(make, view, abandon_on_cancel=True)
        newer = await host.confirm(view, paths_of(made), progress)
        if newer is view:
            return made, view
        view = newer
    revision = replace(view.revision, pending=max(1, view.revision.pending), caught_up=False)
    view = replace(view, revision=revision)
    return await run_sync(make, view, abandon_on_cancel=True), view
