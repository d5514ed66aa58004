"""Serving over HTTP: what stands at the door, and the MCP endpoint behind it."""
