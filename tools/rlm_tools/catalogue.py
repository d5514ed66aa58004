"""The tools that are offered, in the order a client lists them.

A tool is offered where it stands here and nowhere else: to add one, put it in its tuple. What may
be offered by a server that changes nothing follows from the `effects` each tool declares.
"""

from collections.abc import Mapping
from types import MappingProxyType

from rlm_tools import (
    execute,
    explain,
    query,
    reindex,
    review,
    search,
    session_stats,
    settings,
    status,
    test,
    validate,
)
from rlm_tools.memory import add, consolidate, forget, get, resolve
from rlm_tools.memory import search as memory_search
from rlm_tools.memory import status as memory_status
from rlm_tools.tool import Tool
from rlm_tools.toolset import Toolset

CORE: tuple[Tool, ...] = (
    query.TOOL,
    search.TOOL,
    explain.TOOL,
    review.TOOL,
    test.TOOL,
    status.TOOL,
    session_stats.TOOL,
    reindex.TOOL,
    validate.TOOL,
    settings.TOOL,
)

MEMORY: tuple[Tool, ...] = (
    add.TOOL,
    memory_search.TOOL,
    get.TOOL,
    resolve.TOOL,
    forget.TOOL,
    consolidate.TOOL,
    memory_status.TOOL,
)

REPL: tuple[Tool, ...] = (execute.TOOL,)

TOOLSETS: Mapping[Toolset, tuple[Tool, ...]] = MappingProxyType(
    {
        "core": CORE,
        "memory": CORE + MEMORY,
        "repl": CORE + REPL,
        "full": CORE + MEMORY + REPL,
    }
)


def offered(toolset: Toolset = "core", *, read_only: bool = False) -> tuple[Tool, ...]:
    """The tools of a set; with `read_only` those that change nothing."""
    return tuple(tool for tool in TOOLSETS[toolset] if tool.effects.reads_only or not read_only)
