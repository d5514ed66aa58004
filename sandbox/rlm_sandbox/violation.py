"""What the guard reports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing the guard blocks: the rule, where, and what to do instead."""

    rule: str
    line: int
    message: str
    hint: str
