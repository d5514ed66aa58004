"""Which tools a server offers: its operator's choice, made when it is started.

Only names stand here, so that a client can be told which there are before one is imported;
`rlm_tools.catalogue` has the tools.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Toolset = Literal["core", "memory", "repl", "full"]
"""`core` are ten tools, `memory` and `repl` add their own to these, `full` is all there are."""

_CORE: Final = (
    "rlm_query",
    "rlm_search",
    "rlm_explain",
    "rlm_review",
    "rlm_test",
    "rlm_status",
    "rlm_session_stats",
    "rlm_reindex",
    "rlm_validate",
    "rlm_settings",
)
_MEMORY: Final = (
    "rlm_memory_add",
    "rlm_memory_search",
    "rlm_memory_get",
    "rlm_memory_resolve",
    "rlm_memory_forget",
    "rlm_memory_consolidate",
    "rlm_memory_status",
)
_REPL: Final = ("rlm_exec",)
_TOOLSETS: Final[Mapping[Toolset, tuple[str, ...]]] = MappingProxyType(
    {
        "core": _CORE,
        "memory": _CORE + _MEMORY,
        "repl": _CORE + _REPL,
        "full": _CORE + _MEMORY + _REPL,
    }
)
_CHANGING: Final = frozenset(
    {
        "rlm_reindex",
        "rlm_settings",
        "rlm_memory_add",
        "rlm_memory_resolve",
        "rlm_memory_forget",
        "rlm_memory_consolidate",
    }
)


def names_of(toolset: Toolset = "core", *, read_only: bool = False) -> tuple[str, ...]:
    """The names of the tools of a set; with `read_only` of those that change nothing."""
    return tuple(name for name in _TOOLSETS[toolset] if not (read_only and name in _CHANGING))
