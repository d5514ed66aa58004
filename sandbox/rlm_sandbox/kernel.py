"""The kernel backend: children sealed by Linux, with context and snapshot in shared memory."""

import os

from rlm_sandbox.backend import Child
from rlm_sandbox.context import SharedContext
from rlm_sandbox.frames import Kind, Message
from rlm_sandbox.region import HEADER_BYTES, REGION_BYTES, SLOT_BYTES
from rlm_sandbox.spare import Spares, sealed_child


class KernelBackend:
    """The descriptors that every child of one sandbox is given, and how it is set up."""

    def __init__(
        self, setup: Message, context: SharedContext | None, spares: Spares | None = None
    ) -> None:
        import fcntl

        # Of our own, so that the context may be closed while children are restarted.
        self._context = os.dup(context.fd) if context is not None else -1
        self._snapshot = os.memfd_create("rlm-snapshot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self._snapshot, REGION_BYTES)
        seals = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(self._snapshot, fcntl.F_ADD_SEALS, seals)
        self._setup = setup
        self._spares = spares

    async def start(self) -> Child:
        """A child that has proven its seal; raises SandboxUnavailable, PreludeFailed."""
        return await sealed_child(self._setup, self._handed_over, self._spares)

    def restoring(self) -> Message:
        """The child finds the snapshot in the memory it was given."""
        return Message(Kind.RESTORE)

    def forget_snapshot(self) -> None:
        """Empty the memory the snapshot is in."""
        for slot in (0, 1):
            os.pwrite(self._snapshot, bytes(HEADER_BYTES), slot * SLOT_BYTES)

    def close(self) -> None:
        """Give all back; safe to call twice."""
        for fd in self._handed_over:
            os.close(fd)
        self._context = self._snapshot = -1

    @property
    def _handed_over(self) -> tuple[int, ...]:
        # The order in which the child takes them.
        return tuple(fd for fd in (self._snapshot, self._context) if fd >= 0)
