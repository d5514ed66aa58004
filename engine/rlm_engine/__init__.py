"""The RLM loop: a root model that writes code over a corpus it never sees whole."""
