"""What a model says of pieces of a corpus: asked in parallel, within a budget and a time.

Implements the `Summariser` that `rlm_crystal.describe` asks for. A piece without an answer gets an
empty text; a model that cannot be reached, or that refuses, is not asked any further.
"""

from collections.abc import Callable, Sequence

import anyio

from rlm_engine.budget import Budget
from rlm_engine.errors import (
    BudgetExceeded,
    EngineError,
    ModelNotConfigured,
    ModelRefused,
    ModelUnavailable,
)
from rlm_engine.limits import RunLimits
from rlm_engine.model import Message, Model
from rlm_engine.prompt import summary_messages
from rlm_engine.retry import RetryPolicy
from rlm_engine.scheduler import CallRecord, Scheduler
from rlm_engine.usage import Meter

REPLY_TOKENS = 200

_HOPELESS = (BudgetExceeded, ModelNotConfigured, ModelRefused, ModelUnavailable)


class ModelSummariser:
    """A Summariser by a language model. `limits` bound all of its calls together; `messages` ask
    what a text is about."""

    def __init__(
        self,
        model: Model,
        limits: RunLimits,
        *,
        retry: RetryPolicy | None = None,
        meter: Meter | None = None,
        messages: Callable[[str], Sequence[Message]] = summary_messages,
    ) -> None:
        self._model = model
        self._messages = messages
        self._limits = limits
        self._scheduler = Scheduler(
            budget=Budget(limits),
            limits=limits,
            retry=retry or RetryPolicy(),
            on_call=_unrecorded,
            meter=meter,
        )

    @property
    def name(self) -> str:
        """The model's own name."""
        return self._model.name

    async def summarise(
        self, digests: Sequence[str], on_done: Callable[[int], None]
    ) -> Sequence[str]:
        """One text for each digest, empty where the model gave none in time."""
        texts = [""] * len(digests)
        waiting, done = iter(range(len(digests))), 0

        async def work() -> None:
            nonlocal waiting, done
            for at in waiting:
                try:
                    texts[at] = await self._scheduler.subcall(
                        self._model, self._messages(digests[at]), max_tokens=REPLY_TOKENS, depth=1
                    )
                except _HOPELESS:
                    waiting = iter(())  # none of the others would fare better
                    return
                except EngineError:
                    pass  # this one keeps what it has
                done += 1
                on_done(done)

        with anyio.move_on_after(self._limits.max_seconds):
            async with anyio.create_task_group() as tasks:
                for _ in range(min(self._limits.parallel_calls, len(digests))):
                    tasks.start_soon(work)
        return texts


def _unrecorded(_: CallRecord) -> None:
    """Summaries leave no trace."""
