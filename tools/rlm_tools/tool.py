"""What a tool is: arguments, a reply and one async function; nothing here knows a transport.

A tool module holds, in this order: its `Arguments`, its reply (a frozen dataclass that can say
itself as text), the async function, and `TOOL`, which joins them. `rlm_tools.catalogue` lists them.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, ClassVar, Literal, Protocol, cast

from pydantic import BaseModel, ConfigDict, Field
from rlm_crystal.types import ProgressSink

from rlm_tools.host import Host

ResponseFormat = Literal["concise", "detailed"]
JsonObject = dict[str, Any]

MaxTokens = Annotated[int, Field(ge=0, le=8_000)]
"""How long a reply may be, 0 for as long as its format says; `rlm_tools.fitting` measures it."""


class Arguments(BaseModel):
    """Base of the arguments of a tool: scalars and enums with defaults, so schemas stay flat."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Reply(Protocol):
    """A frozen dataclass of JSON values; its fields and its text hold the same content."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def text(self) -> str:
        """Return the whole reply as a person reads it."""
        ...


@dataclass(frozen=True, slots=True)
class Effects:
    """What a call does to the world; clients decide by it whether to ask the person first."""

    reads_only: bool = True
    destructive: bool = False
    idempotent: bool = True
    open_world: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """One `rlm_*` tool. The first sentence of `description` says when to use it.

    `run(host, arguments, progress)` may call `progress` as often as it likes from the event loop's
    thread; the server thins it out. It is cancelled when the client cancels. A `quick` tool answers
    from what is known already: it makes no progress (but where it is given `wait_s`) and never
    becomes a job. One that `lends_model`
    may ask the client's own model, where the client offers it.
    """

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    run: Callable[[Host, Any, ProgressSink], Awaitable[Reply]]
    effects: Effects = Effects()
    quick: bool = False
    lends_model: bool = False


def structured(reply: Reply) -> JsonObject:
    """Return the fields of the reply as plain JSON values."""
    return _plain(reply)


def _plain(value: Any) -> Any:
    """As `asdict` has it, for values that nobody changes: it would copy each of them deeply."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in cast("Sequence[Any]", value)]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in cast("dict[str, Any]", value).items()}
    return value
