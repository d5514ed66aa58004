"""The tools of the memory, for agents: facts kept, recalled and settled between sessions."""
