"""The kernel backend: children sealed by Linux, with context and snapshot in shared memory."""

import os

from rlm_sandbox.backend import Child
from rlm_sandbox.context import SharedContext
from rlm_sandbox.frames import Kind, Message
from rlm_sandbox.host import KernelChild
from rlm_sandbox.region import REGION_BYTES


class KernelBackend:
    """The descriptors that every child of one sandbox inherits, and how it is set up."""

    def __init__(self, setup: Message, context: SharedContext | None) -> None:
        import fcntl

        # Of our own, so that the context may be closed while children are restarted.
        self._context = os.dup(context.fd) if context is not None else -1
        self._snapshot = os.memfd_create("rlm-snapshot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self._snapshot, REGION_BYTES)
        seals = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(self._snapshot, fcntl.F_ADD_SEALS, seals)
        places = {
            "context_fd": self._context,
            "snapshot_fd": self._snapshot,
            "snapshot_bytes": REGION_BYTES,
        }
        self._setup = Message(Kind.SETUP, {**setup.fields, **places}, setup.text)

    async def start(self) -> Child:
        """A child that has proven its seal; raises SandboxUnavailable, PreludeFailed."""
        return await KernelChild.start(self._setup, descriptors=self._inherited)

    def restoring(self) -> Message:
        """The child finds the snapshot in the memory it was given."""
        return Message(Kind.RESTORE)

    def close(self) -> None:
        """Give all back; safe to call twice."""
        for fd in self._inherited:
            os.close(fd)
        self._context = self._snapshot = -1

    @property
    def _inherited(self) -> tuple[int, ...]:
        return tuple(fd for fd in (self._context, self._snapshot) if fd >= 0)
