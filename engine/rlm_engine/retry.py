"""Asking a busy model again, at a pace it can bear.

Exponential back-off with full jitter (the form AWS published in "Exponential Backoff And
Jitter"); a provider's own Retry-After is a lower bound on the wait. What cannot get better by
waiting (a wrong key, an unknown model) is never asked again.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import anyio

from rlm_engine.errors import ModelBusy, ModelTimeout, ModelUnavailable, ReplyEmpty

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and how long to wait. A Retry-After beyond `wait_max_s` is not waited for.

    `attempts_silent` holds where nobody answers at all: no connection, no reply in time, or one
    without a word. A model that never answered yet is not waited for a second time.
    """

    attempts: int = 4
    attempts_silent: int = 2
    wait_base_s: float = 0.5
    wait_max_s: float = 30.0


def wait_s(
    policy: RetryPolicy,
    attempt: int,
    error: ModelBusy | ModelUnavailable | ReplyEmpty,
    jitter: float,
    *,
    known: bool = True,
) -> float | None:
    """Seconds to wait after failed `attempt` (from 1), or None to give up; `jitter` in [0, 1).

    `known`: the model has answered before.
    """
    silent = isinstance(error, ModelTimeout | ModelUnavailable | ReplyEmpty)
    if attempt >= (policy.attempts_silent if silent else policy.attempts):
        return None
    if isinstance(error, ModelTimeout) and not known:
        return None
    backoff_s = min(policy.wait_max_s, policy.wait_base_s * 2 ** (attempt - 1)) * jitter
    advised_s = error.retry_after_s if isinstance(error, ModelBusy) else None
    if advised_s is None:
        return backoff_s
    return advised_s + backoff_s if advised_s <= policy.wait_max_s else None


async def with_retries(
    call: Callable[[], Awaitable[T]],
    *,
    policy: RetryPolicy,
    known: Callable[[], bool] = lambda: True,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    jitter: Callable[[], float] = random.random,
) -> T:
    """What `call` returns, asked again while its model is busy; its last error otherwise."""
    attempt = 0
    while True:
        attempt += 1
        try:
            return await call()
        except (ModelBusy, ModelUnavailable, ReplyEmpty) as error:
            pause_s = wait_s(policy, attempt, error, jitter(), known=known())
            if pause_s is None:
                raise
        await sleep(pause_s)
