"""What a question would do and could cost, told without asking a model."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from anyio.to_thread import run_sync
from rlm_engine.equipment import Equipment
from rlm_engine.loop import explain
from rlm_engine.model_table import table_from_environ
from rlm_engine.plan import Plan
from rlm_tools.host import View

from rlm_server.providers import limits_for, models_for, precautions_for
from rlm_server.settings import Settings

Planning: TypeAlias = Callable[[str, View, Settings, Mapping[str, str]], Awaitable[Plan]]


async def plan(question: str, view: View, settings: Settings, environ: Mapping[str, str]) -> Plan:
    """The plan of `answering.answer` with the same settings."""
    root, sub = await run_sync(models_for, settings, environ)
    return await explain(
        question,
        crystal=view.crystal,
        root=root,
        sub=sub,
        limits=limits_for(settings),
        equipment=Equipment(table=await run_sync(table_from_environ, environ)),
        precautions=precautions_for(settings, environ),
    )
