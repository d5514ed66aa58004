"""A value computed at its first use, once, by whichever thread comes first."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lazy(Generic[T]):
    """Holds `make` until the first `get`, and its value ever after; a failure is not kept."""

    __slots__ = ("_lock", "_make", "_value")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make: Callable[[], T] | None = make
        self._lock = threading.Lock()

    def get(self) -> T:
        if self._make is not None:
            with self._lock:
                if self._make is not None:
                    self._value = self._make()
                    self._make = None
        return self._value


def ready(value: T) -> Lazy[T]:
    """A value that is there already."""
    lazy = Lazy(lambda: value)
    lazy.get()
    return lazy
