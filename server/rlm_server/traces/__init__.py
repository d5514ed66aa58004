"""Showing what a run did: `rlm-mcp trace`, in a terminal and as a page."""
