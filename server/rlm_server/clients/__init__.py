"""The programs that start us: where each keeps its servers, and our entry among them."""
