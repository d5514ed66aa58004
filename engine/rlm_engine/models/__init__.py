"""Language models that are reached through a network."""
