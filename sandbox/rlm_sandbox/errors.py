"""The errors of the sandbox.

SandboxError
├── SandboxUnavailable   a layer that is required is missing here: no code is run (names the layer)
├── ModuleRefused        a module was to be allowed that cannot be (names it)
├── PatternRefused       a pattern to redact is no regular expression
├── SandboxBusy          a second cell was given while one runs
├── SandboxClosed        the sandbox was closed
├── PreludeFailed        the trusted prelude raised while the child was set up
├── ContextClosed        the shared context was closed before the sandbox started
└── ProtocolError        the other end sent what is not a frame; the child is killed for it

What untrusted code itself does wrong is no exception here: it is `Execution.error`.
"""


class SandboxError(Exception):
    """Base of all errors of this room; the message says what to do."""


class SandboxUnavailable(SandboxError):
    """A required layer is missing, so nothing is run; never a weaker run instead."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"code cannot be run safely here: {layer}: {reason}")
        self.layer = layer
        self.reason = reason


class ModuleRefused(SandboxError):
    """A module that cells were to import cannot be added to those they may."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"the module {name!r} cannot be added: {reason}")
        self.name = name


class PatternRefused(SandboxError):
    """A pattern of the user's own that cannot be used; the message says why."""

    def __init__(self, pattern: str, reason: str) -> None:
        super().__init__(f"the pattern {pattern[:200]!r} cannot be used: {reason}")


class SandboxBusy(SandboxError):
    """A cell was given while another one runs in the same sandbox."""


class SandboxClosed(SandboxError):
    """The sandbox was closed, or its child could not be brought back."""


class PreludeFailed(SandboxError):
    """The prelude that the host gave raised; nothing untrusted has run."""


class ContextClosed(SandboxError):
    """The shared context was closed before a sandbox could map it."""


class ProtocolError(SandboxError):
    """Bytes that are no valid frame, too long, too deep, or out of order."""
