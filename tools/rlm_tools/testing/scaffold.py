"""What a generated test is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scaffold:
    """A test file: the framework it is for, where to save it, its code and how to run it."""

    framework: str
    test_path: str
    code: str
    command: str
    notes: tuple[str, ...] = ()
