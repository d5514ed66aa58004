"""Telling a person what is being done."""

from collections.abc import Callable

Say = Callable[[str], None]
"""Told in words a person reads; must return at once."""


def say_nothing(_: str) -> None:
    """Where nobody listens."""
