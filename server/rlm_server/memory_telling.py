"""Summaries of the memory by the model that the operator named and pays for.

What is sent are the turns of a trace, or the texts of a category, of the zones that models may see.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync

from rlm_server.memory_reach import MemoryReach
from rlm_server.providers import summarising_model
from rlm_server.settings import EXTRACTIVE, Settings

if TYPE_CHECKING:
    from rlm_engine.usage import Meter
    from rlm_memory.summaries import Draft

_log = logging.getLogger(__name__)

SECONDS_MAX = 120.0
CALLS_MAX = 500


@dataclass(frozen=True, slots=True)
class Teller:
    """Asks the sub-model within `RLM_MEMORY_USD`, two minutes and 500 calls; `meter` is told."""

    reach: MemoryReach
    settings: Settings
    environ: Mapping[str, str]
    meter: "Meter | None" = None

    @property
    def asks(self) -> bool:
        """Whether there is a model, and anything to spend."""
        return self.settings.sub_model != EXTRACTIVE and self.reach.summary_usd > 0

    async def replies(self, drafts: "Sequence[Draft]") -> "tuple[dict[Draft, str], str]":
        """What the model says of drafts, empty where it does not, and its name.

        A model that cannot be made is logged, and says nothing.
        """
        from rlm_engine.errors import EngineError
        from rlm_engine.limits import RunLimits
        from rlm_engine.prompt import reader_messages
        from rlm_engine.summaries import ModelSummariser
        from rlm_memory.summaries import PROMPT

        try:
            model = await run_sync(summarising_model, self.settings, self.environ)
        except (EngineError, ValueError) as error:
            _log.warning("the memory is not told by a model: %s", error)
            return {}, ""
        limits = RunLimits(
            max_cost_usd=self.reach.summary_usd, max_subcalls=CALLS_MAX, max_seconds=SECONDS_MAX
        )
        asking = partial(reader_messages, PROMPT)
        summariser = ModelSummariser(model, limits, meter=self.meter, messages=asking)
        said = await summariser.summarise([draft.text for draft in drafts], _unheard)
        return dict(zip(drafts, said, strict=True)), summariser.name


def _unheard(_: int) -> None:
    """Progress that nobody follows."""
