"""The tools that are offered, in the order a client lists them."""

from rlm_tools import (
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
from rlm_tools.tool import Tool

TOOLS: tuple[Tool, ...] = (
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
