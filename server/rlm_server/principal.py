"""Who makes a call. The transport says it, never an argument.

Over stdio and on the command line that is the owner. Over HTTP it is whoever the token was made
for, in the request and in the work that it starts.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """`agent` is the name that grants of the memory are given to; "" is the owner."""

    agent: str = ""

    @property
    def is_owner(self) -> bool:
        """Whether everything is this one's to see and to change."""
        return not self.agent


OWNER = Principal()
_acting: ContextVar[Principal] = ContextVar("acting", default=OWNER)


def acting() -> Principal:
    """Who the present call is made by."""
    return _acting.get()


@contextmanager
def calls_by(principal: Principal) -> Generator[None]:
    """What is called or started within the block is this one's."""
    token = _acting.set(principal)
    try:
        yield
    finally:
        _acting.reset(token)
