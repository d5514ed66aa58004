"""Untrusted Python in a sealed child process; see README.md for what this does not protect."""

from rlm_sandbox.availability import available
from rlm_sandbox.code_rules import CodeRules, Profile
from rlm_sandbox.context import SharedContext
from rlm_sandbox.errors import (
    ContextClosed,
    ModuleRefused,
    PreludeFailed,
    ProtocolError,
    SandboxBusy,
    SandboxClosed,
    SandboxError,
    SandboxUnavailable,
)
from rlm_sandbox.redact import Redacted, Redaction, redact
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.spare import Spares
from rlm_sandbox.types import (
    Availability,
    CodeError,
    Execution,
    Final,
    HostFunction,
    JsonValue,
    Limits,
)

__all__ = [
    "Availability",
    "CodeError",
    "CodeRules",
    "ContextClosed",
    "Execution",
    "Final",
    "HostFunction",
    "JsonValue",
    "Limits",
    "ModuleRefused",
    "PreludeFailed",
    "Profile",
    "ProtocolError",
    "Redacted",
    "Redaction",
    "Sandbox",
    "SandboxBusy",
    "SandboxClosed",
    "SandboxError",
    "SandboxUnavailable",
    "SharedContext",
    "Spares",
    "available",
    "redact",
]
