"""The REPL of a run: its sandbox and the documents in it, closed whatever happens."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager

import anyio
from anyio.to_thread import run_sync
from rlm_sandbox.availability import available
from rlm_sandbox.backend import BackendName
from rlm_sandbox.context import SharedContext
from rlm_sandbox.errors import SandboxUnavailable
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.types import Limits

from rlm_engine.errors import ExecutionUnavailable
from rlm_engine.host import HostFunction
from rlm_engine.inquiry import Inquiry
from rlm_engine.prelude import source

_CLOSE_WITHIN_S = 5.0


def require_sandbox(backend: BackendName | None) -> None:
    """ExecutionUnavailable, before a model is paid and the corpus is mapped."""
    found = available(backend)
    if not found.ok:
        raise ExecutionUnavailable(
            f"This question cannot be answered on this machine: {', '.join(found.missing)} missing."
            f" {found.advice[:1].upper()}{found.advice[1:]}."
        )


@asynccontextmanager
async def mapped(documents: Iterable[tuple[str, str]]) -> AsyncGenerator[SharedContext]:
    """(path, text) pairs in shared memory, for the time of a block."""
    try:
        context = await run_sync(SharedContext.from_documents, documents)
    except SandboxUnavailable as error:
        raise ExecutionUnavailable(str(error)) from error
    try:
        yield context
    finally:
        context.close()


@asynccontextmanager
async def whole_corpus(inquiry: Inquiry) -> AsyncGenerator[SharedContext]:
    """All documents: what the caller keeps mapped or gives a hold on, else mapped for the block."""
    crystal, context = inquiry.crystal, inquiry.equipment.context
    if callable(context):
        with await context() as held:
            yield held
    elif context is not None:
        yield context
    else:
        documents = ((entry.path, crystal.text(entry.path)) for entry in crystal.files)
        async with mapped(documents) as own:
            yield own


@asynccontextmanager
async def opened_repl(
    inquiry: Inquiry, context: SharedContext, functions: Mapping[str, HostFunction]
) -> AsyncGenerator[Sandbox]:
    """A sandbox with the helpers in it, that can call `functions`."""
    seconds = inquiry.limits.cell_seconds
    precautions = inquiry.precautions
    try:
        sandbox = await Sandbox.start(
            limits=Limits(wall_s=seconds, cpu_s=seconds),
            context=context,
            functions=functions,
            prelude=source(),
            spares=inquiry.equipment.spares,
            rules=precautions.rules,
            redaction=precautions.redaction,
            backend=precautions.backend,
            cache=precautions.cache,
        )
    except SandboxUnavailable as error:
        raise ExecutionUnavailable(str(error)) from error
    try:
        yield sandbox
    finally:
        with anyio.move_on_after(_CLOSE_WITHIN_S, shield=True):
            await sandbox.close()
