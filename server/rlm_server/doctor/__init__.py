"""`rlm-mcp doctor`: every part the work needs, tried, with the fix for what fails."""
