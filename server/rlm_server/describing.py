"""Summaries of clusters by the model that the operator named and pays for.

What is sent is the beginning of each cluster's most central chunks, with keys, passwords and the
operator's own patterns taken out, as of everything that goes to a model.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync
from rlm_crystal.types import Progress, ProgressSink

from rlm_server.providers import summarising_model
from rlm_server.settings import Settings

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal
    from rlm_engine.usage import Meter

_log = logging.getLogger(__name__)

SECONDS_MAX = 300.0


async def described(
    crystal: "Crystal",
    settings: Settings,
    environ: Mapping[str, str],
    progress: ProgressSink,
    meter: "Meter",
) -> "Crystal":
    """The crystal with what the sub-model says of its clusters; `meter` is told what that takes.

    At most `summary_usd`, five minutes and a thousand calls; a model that fails or is slow leaves
    the extractive summaries. A model that cannot be made is logged, not raised.
    """
    from rlm_crystal.describe import CLUSTERS_MAX, describe
    from rlm_engine.errors import EngineError
    from rlm_engine.limits import RunLimits
    from rlm_engine.summaries import ModelSummariser

    limits = RunLimits(
        max_cost_usd=settings.summary_usd, max_subcalls=CLUSTERS_MAX, max_seconds=SECONDS_MAX
    )
    try:
        model = await run_sync(summarising_model, settings, environ)
    except (EngineError, ValueError) as error:
        _log.warning("clusters are not described by a model: %s", error)
        return crystal
    summariser = ModelSummariser(model, limits, meter=meter)

    def tell(done: int, total: int) -> None:
        progress(Progress("describing clusters", done, total))

    return await describe(crystal, summariser, tell)
