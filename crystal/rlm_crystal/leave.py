"""Leave to write: asked for before and within the lock of every write.

It raises `KeyRetired` once the key in hand is not that of the data any more: what would be written
then, nobody could open. It also makes known a corpus that is written for the first time.
"""

from collections.abc import Callable
from typing import TypeAlias

Leave: TypeAlias = Callable[[], None]


def always() -> None:
    """For who writes where no key is ever rotated."""
