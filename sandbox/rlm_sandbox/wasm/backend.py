"""The WebAssembly backend: helpers that run one prepared component, and the snapshot they leave."""

from dataclasses import replace
from pathlib import Path

from rlm_sandbox.backend import Child
from rlm_sandbox.context import SharedContext
from rlm_sandbox.frames import Kind, Message
from rlm_sandbox.wasm.child import Kept, WasmChild
from rlm_sandbox.wasm.component import prepare


class WasmBackend:
    """What the children of one sandbox share."""

    def __init__(
        self, setup: Message, context: SharedContext | None, *, folder: Path | None, jailed: bool
    ) -> None:
        # Of our own, so that the context may be closed while children are restarted.
        self._context = context.share() if context is not None else None
        self._setup = replace(setup, fields={**setup.fields, "has_context": context is not None})
        self._folder = folder
        self._jailed = jailed
        self._kept = Kept()

    async def start(self) -> Child:
        """A helper ready for cells; builds the component where there is none yet."""
        component = await prepare(self._folder)
        return await WasmChild.start(
            component,
            self._setup,
            context=self._context,
            kept=self._kept,
            jailed=self._jailed,
        )

    def restoring(self) -> Message:
        """The snapshot, handed back as it came."""
        return Message(Kind.RESTORE, {}, self._kept.content)

    def forget_snapshot(self) -> None:
        """Keep nothing of it."""
        self._kept.content = ""

    def close(self) -> None:
        """Give all back; safe to call twice."""
        if self._context is not None:
            self._context.close()
