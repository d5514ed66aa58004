"""A process that dies at one exact call to the file system, played within the test's own."""

import os
from typing import Any

import pytest

_CALLS = ("open", "write", "fsync", "replace", "rename", "unlink", "rmdir", "mkdir")


class Killed(BaseException):
    """The process is dead: nothing after this has happened."""


def die_at(call: int, patch: pytest.MonkeyPatch) -> list[str]:
    """Make call number `call` to the file system the last; a write it falls on is half done.

    Returns the names of the calls seen, which grows.
    """
    seen: list[str] = []

    def deadly(name: str, real: Any) -> Any:
        def act(*arguments: Any, **options: Any) -> Any:
            seen.append(name)
            if len(seen) < call:
                return real(*arguments, **options)
            if len(seen) == call and name == "write":
                real(arguments[0], arguments[1][: len(arguments[1]) // 2])
            raise Killed

        return act

    for name in _CALLS:
        patch.setattr(os, name, deadly(name, getattr(os, name)))
    return seen
