"""H-MEM: what was asked and learnt, kept as sealed episodes."""
