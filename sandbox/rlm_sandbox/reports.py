"""What the child says, made into typed values: every field is checked, for all is untrusted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast, get_args

from rlm_sandbox.errors import PreludeFailed, ProtocolError, SandboxUnavailable
from rlm_sandbox.frames import Kind, Message
from rlm_sandbox.types import CodeError, ErrorKind, JsonValue

_MESSAGE_CHARS: Final = 4_000
_NAME_CHARS: Final = 200
_VARIABLES: Final = 200
NAMES_MAX: Final = 1_000
_KINDS: Final = frozenset(cast("tuple[ErrorKind, ...]", get_args(ErrorKind)))


@dataclass(frozen=True, slots=True)
class Call:
    """The child asks for a host function."""

    name: str
    args: list[JsonValue]
    kwargs: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a cell; `keeping` where a KEPT message follows once its snapshot is taken."""

    output: str
    error: CodeError | None
    truncated: bool
    variables: Mapping[str, str]
    keeping: bool = False


def call(message: Message) -> Call:
    """A CALL message; raises ProtocolError."""
    name, args, kwargs = (message.fields.get(key) for key in ("name", "args", "kwargs"))
    if isinstance(name, str) and isinstance(args, list) and isinstance(kwargs, dict):
        return Call(name[:_NAME_CHARS], args, kwargs)
    raise ProtocolError("a call without name, args or kwargs")


def final(message: Message) -> tuple[JsonValue, str | None]:
    """A FINAL message: the value and the variable it came from."""
    origin = message.fields.get("from")
    value = message.fields.get("value") if message.fields.get("json") is True else message.text
    return value, origin[:_NAME_CHARS] if isinstance(origin, str) else None


def done(message: Message, output_chars: int) -> Done:
    """A DONE message; raises ProtocolError."""
    variables = message.fields.get("variables")
    if not isinstance(variables, dict):
        raise ProtocolError("the end of a cell without its variables")
    return Done(
        output=message.text[: output_chars + _MESSAGE_CHARS],
        error=_error(message.fields.get("error")),
        truncated=message.fields.get("truncated") is True,
        variables={
            name[:_NAME_CHARS]: shown[:_NAME_CHARS]
            for name, shown in list(variables.items())[:_VARIABLES]
            if isinstance(shown, str)
        },
        keeping=message.fields.get("keeping") is True,
    )


def names(message: Message, field: str) -> tuple[str, ...]:
    """A RESTORED message: the names that did not come back, "lost", or did, "kept"."""
    told = message.fields.get(field)
    if not isinstance(told, list):
        raise ProtocolError("a restore without its lists")
    return tuple(name[:_NAME_CHARS] for name in told[:NAMES_MAX] if isinstance(name, str))


def _error(fields: JsonValue) -> CodeError | None:
    if not isinstance(fields, dict):
        return None
    kind, line = fields.get("kind"), fields.get("line")
    return CodeError(
        kind=kind if isinstance(kind, str) and kind in _KINDS else "exception",
        message=_text(fields.get("message")),
        line=line if type(line) is int and 0 <= line < 1 << 31 else None,
        hint=_text(fields.get("hint")),
    )


def _text(value: JsonValue) -> str:
    return value[:_MESSAGE_CHARS] if isinstance(value, str) else ""


def layers_of(message: Message) -> tuple[str, ...]:
    """A SEALED message: the layers that the child put up and proved."""
    layers = message.fields.get("layers")
    if not isinstance(layers, list):
        raise ProtocolError("a seal without its layers")
    return tuple(str(layer)[:_NAME_CHARS] for layer in layers[:_VARIABLES])


def sealed(message: Message) -> tuple[str, ...]:
    """The layers of a child that has set itself up.

    Raises PreludeFailed, and SandboxUnavailable with the layer that the child says is missing.
    """
    if message.kind is Kind.BROKEN:
        layer, reason = (
            str(message.fields.get(key))[:_MESSAGE_CHARS] for key in ("layer", "reason")
        )
        if layer == "prelude":
            raise PreludeFailed(f"the prelude of the sandbox failed: {reason}")
        raise SandboxUnavailable(layer, reason)
    if message.kind is not Kind.SEALED:
        raise SandboxUnavailable("child process", f"it reported {message.kind.name}, not its seal")
    return layers_of(message)
