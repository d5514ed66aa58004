"""The parts of a review: what changed, and what can be said of it for certain."""
