"""The tools that are offered, in the order a client lists them."""

from rlm_tools import search
from rlm_tools.tool import Tool

TOOLS: tuple[Tool, ...] = (search.TOOL,)
