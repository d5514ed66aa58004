"""The live page: `rlm-mcp ui`, for the person at this machine and nobody else."""
