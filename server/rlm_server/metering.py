"""Adding up what models take while something is done, for the tally of the session."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias

import anyio

from rlm_server.errors import ServerError
from rlm_server.state import Tally

if TYPE_CHECKING:
    from rlm_engine.usage import Meter, ModelUsage

Count: TypeAlias = Callable[[Callable[[Tally], Tally]], Awaitable[None]]
"""Has the owner of the tally replace it by what the function makes of it."""


@asynccontextmanager
async def metered(count: Count) -> "AsyncGenerator[Meter]":
    """A meter; what it was told is counted when the block ends, also where that failed."""
    from rlm_engine.usage import NO_USAGE

    taken: dict[str, ModelUsage] = {}

    def meter(name: str, took: "ModelUsage") -> None:
        taken[name] = taken.get(name, NO_USAGE).plus(took)

    try:
        yield meter
    finally:
        if taken:
            # A service that stops counts no more.
            with anyio.CancelScope(shield=True), suppress(ServerError):
                await count(lambda tally: tally.with_usage(taken))
