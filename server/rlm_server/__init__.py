"""The process: command line, composition, settings, the actor, jobs, watcher and MCP transport."""

from importlib.metadata import version

__version__ = version("rlm-mcp")
