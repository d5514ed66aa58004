"""The values that cross the door of the sandbox: limits in, executions out. All immutable."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

MIB = 1 << 20

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

HostFunction: TypeAlias = Callable[..., Awaitable[JsonValue]]
"""Called with JSON arguments out of the child; what it raises becomes HostCallError there."""

ErrorKind = Literal["guard", "syntax", "exception", "timeout", "memory", "host"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one sandbox may use. Time counts per cell and rests while a host function runs."""

    wall_s: float = 30.0
    cpu_s: float = 30.0
    memory_bytes: int = 512 * MIB
    output_chars: int = 200_000
    virtual_files_bytes: int = 100 * MIB


@dataclass(frozen=True, slots=True)
class CodeError:
    """Why a cell did not end well, in words for the model that wrote it.

    `line` counts from 1 in the cell, None where no line is known; `hint` may be empty.
    """

    kind: ErrorKind
    message: str
    line: int | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Final:
    """What FINAL was given: a JSON value or text, and the variable it came from, if any."""

    value: JsonValue
    from_variable: str | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """What one cell did. Everything in it came from untrusted code, bounded and redacted.

    `seconds` is the time the child ran, without the host functions it waited for.
    `state_lost` names variables that a restart could not bring back; empty without a restart.
    `layers` are those that held while it ran.
    """

    output: str
    error: CodeError | None
    final: Final | None
    truncated: bool
    redactions: int
    state_lost: tuple[str, ...]
    seconds: float
    variables: Mapping[str, str]
    layers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether code can be run here, by what, and if not, which layer is missing."""

    ok: bool
    backend: str
    layers: tuple[str, ...]
    missing: tuple[str, ...]
    advice: str
