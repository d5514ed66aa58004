"""What the service says about itself."""

import os
from functools import cache
from typing import TYPE_CHECKING, Literal

from anyio.to_thread import run_sync
from rlm_crystal.types import Progress
from rlm_tools.host import MemoryHeld, ModelTook, Revision, SessionStats, Status

from rlm_server.preview import grouped
from rlm_server.state import Tally

if TYPE_CHECKING:
    from psutil import Process
    from rlm_crystal.crystal import Crystal
    from rlm_engine.usage import ModelUsage
    from rlm_sandbox.backend import BackendName

    from rlm_server.service import Service

_MIB = 1 << 20
_REASONS_MAX = 8
_UNSEEN = Revision("", 0, False)
_IDLE = Progress("", 0, 0)


async def status_of(service: "Service") -> Status:
    """Return how the service stands; nothing here waits for a build or looks at the disk."""
    opened, state, failure = service.opened, service.state, service.failure
    crystal, keeper = state.crystal, opened.keeper if opened else None
    caught_up = keeper is not None and keeper.current and failure is None
    work = _work_of(service)
    return Status(
        state=_state_of(service),
        message=str(failure) if failure else "",
        roots=tuple(str(root) for root in service.roots),
        generation=keeper.generation if keeper else 0,
        files=crystal.file_count if crystal else 0,
        chunks=crystal.chunk_count if crystal else 0,
        clusters=crystal.cluster_count if crystal else 0,
        skipped=len(crystal.skipped) if crystal else 0,
        revision=Revision(crystal.head or "", 0, caught_up) if crystal else _UNSEEN,
        stage=work.stage,
        done=work.done,
        total=work.total,
        provider=state.book.settings.model,
        key_source=opened.archive.keyring.source if opened else "",
        sandbox=await _sandbox_layers(state.book.operator.sandbox),
        watching=keeper.lookout.in_words if keeper else "",
        jobs=service.jobs.states() if service.jobs else (),
        files_unclustered=crystal.files_unclustered if crystal else 0,
        skipped_why=_reasons(crystal) if crystal else (),
    )


def stats_of(tally: Tally, held: MemoryHeld | None, *, uptime_s: float) -> SessionStats:
    """Return what was done, and what of this machine's memory the process takes now."""
    return SessionStats(
        uptime_s=round(uptime_s, 1),
        calls=dict(tally.calls),
        errors=tally.errors,
        questions=tally.questions,
        asked_s=round(tally.asked_s, 1),
        depth=tally.depth,
        models={name: _took(one) for name, one in sorted(tally.models.items())},
        tokens_in=sum(one.tokens_in for one in tally.models.values()),
        tokens_out=sum(one.tokens_out for one in tally.models.values()),
        cost_usd=round(sum(one.cost_usd for one in tally.models.values()), 6),
        refreshes=tally.refreshes,
        rebuilds=tally.rebuilds,
        rss_mib=round(_this_process().memory_info().rss / _MIB, 1),
        memory=held,
    )


@cache
def _this_process() -> "Process":
    import psutil

    return psutil.Process(os.getpid())


def _took(usage: "ModelUsage") -> ModelTook:
    return ModelTook(
        usage.calls,
        usage.failed,
        usage.cached,
        usage.tokens_in,
        usage.tokens_out,
        usage.tokens_cached,
        round(usage.cost_usd, 6),
    )


def _work_of(service: "Service") -> Progress:
    """What is done to the index at this moment; a stage without a name where it is nothing."""
    opened = service.opened
    if opened is None:
        return _IDLE if service.failure else Progress("checking cipher and key", 0, 0)
    waiting = service.state.crystal is None and service.failure is None
    return opened.keeper.progress if opened.keeper.building or waiting else _IDLE


def _reasons(crystal: "Crystal") -> tuple[str, ...]:
    """Why files and folders were left out, the most frequent reason first."""
    groups = grouped(crystal.skipped)
    return tuple(f"{len(paths)} {reason}" for reason, paths in groups.items())[:_REASONS_MAX]


def _state_of(service: "Service") -> Literal["secure", "indexing", "empty"]:
    if service.state.crystal is not None:
        return "secure"
    return "empty" if service.failure else "indexing"


async def _sandbox_layers(backend: "BackendName | None") -> tuple[str, ...]:
    """The layers in which code is run; found out once, in a thread."""
    if _layers_of.cache_info().currsize:
        return _layers_of(backend)
    return await run_sync(_layers_of, backend)


@cache
def _layers_of(backend: "BackendName | None") -> tuple[str, ...]:
    from rlm_sandbox.availability import available

    return available(backend).layers
