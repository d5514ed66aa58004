"""The tools that are offered, in the order a client lists them."""

from rlm_tools import query, reindex, search, session_stats, settings, status, validate
from rlm_tools.tool import Tool

TOOLS: tuple[Tool, ...] = (
    query.TOOL,
    search.TOOL,
    status.TOOL,
    session_stats.TOOL,
    reindex.TOOL,
    validate.TOOL,
    settings.TOOL,
)
