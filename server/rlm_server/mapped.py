"""The documents of a crystal in shared memory, for questions that follow on one another."""

import weakref
from typing import TYPE_CHECKING, Final

import anyio
from anyio.to_thread import run_sync

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal
    from rlm_sandbox.context import SharedContext

KEPT_BYTES_MAX: Final = 128 << 20


class Mapped:
    """What was mapped for the last question, kept for the next one about the same crystal.

    Mapping costs some 12 ms of CPU a MB, most of it for unpacking; a corpus of over 128 MB is
    mapped anew each time.
    """

    def __init__(self) -> None:
        self._turn = anyio.Lock()
        self._crystal: weakref.ref[Crystal] | None = None
        self._context: SharedContext | None = None

    async def documents(self, crystal: "Crystal") -> "SharedContext":
        """A hold on the documents of `crystal`, for the caller to close."""
        async with self._turn:
            context = self._context
            if context is None or self._crystal is None or self._crystal() is not crystal:
                self.close()
                context = await run_sync(_mapped, crystal)
                if context.size_bytes > KEPT_BYTES_MAX:
                    return context
                self._context, self._crystal = context, weakref.ref(crystal)
            return context.share()

    def close(self) -> None:
        """Give the memory back; holds that were handed out stay."""
        if self._context is not None:
            self._context.close()
        self._context = self._crystal = None


def _mapped(crystal: "Crystal") -> "SharedContext":
    from rlm_sandbox.context import SharedContext

    return SharedContext.from_documents(
        (entry.path, crystal.text(entry.path)) for entry in crystal.files
    )
