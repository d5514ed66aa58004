"""The C3 crystal: a corpus walked, cut, ranked, clustered, summarised and sealed."""
