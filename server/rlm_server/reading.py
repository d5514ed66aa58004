"""Resources, prompts and completions of the MCP face, put into the SDK's server."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp.server.mcpserver.prompts import Prompt as McpPrompt
from mcp.server.mcpserver.prompts.base import PromptArgument as McpArgument
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    Completion,
    CompletionArgument,
    PromptReference,
    ResourceTemplateReference,
)
from rlm_crystal.errors import UnknownPath
from rlm_tools.errors import ToolsError
from rlm_tools.prompts import PROMPTS, Prompt
from rlm_tools.resource import Resource
from rlm_tools.resources import RESOURCES

from rlm_server.completions import VALUES_MAX, completed
from rlm_server.errors import NothingThere, NoTrace
from rlm_server.explaining import explained
from rlm_server.providers import redaction_of
from rlm_server.redaction import redacted

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.server.mcpserver.prompts.base import Message
    from mcp.types import InputRequiredResult

    from rlm_server.service import Service

_ABSENT = (UnknownPath, ToolsError, NoTrace, NothingThere)
# What a client may complete in a template, by its URI and variable.
_COMPLETES = {
    ("crystal://file/{+path}{?lines}", "path"): "path",
    ("crystal://symbol/{name}", "name"): "symbol",
    ("trace://{id}", "id"): "trace",
}


def add_reading(server: "MCPServer[None]", service: "Service") -> None:
    """Let the server offer what can be read and what can be asked."""
    for resource in RESOURCES:
        server.resource(
            resource.uri,
            name=resource.name,
            title=resource.title,
            description=resource.description,
            mime_type="text/plain",
        )(_reader(service, resource))
    for prompt in PROMPTS:
        server.add_prompt(_prompt(prompt))


async def completion_of(
    service: "Service",
    ref: PromptReference | ResourceTemplateReference,
    argument: CompletionArgument,
) -> Completion:
    """Values for a variable of a template or an argument of a prompt."""
    kind = _kind(ref, argument.name)
    values = await completed(service, kind, argument.value) if kind else []
    return Completion(values=values, has_more=len(values) == VALUES_MAX)


def _reader(service: "Service", resource: Resource) -> Callable[..., Awaitable[str]]:
    """The function the SDK calls: its parameters are the variables of the URI."""

    async def read(**variables: str) -> str:
        try:
            text = await resource.read(service, **variables)
        except _ABSENT as error:
            raise ResourceNotFoundError(_told(service, error)) from None
        except Exception as error:  # the boundary: whatever it is, the caller is told something
            raise ResourceError(_told(service, error)) from None
        return _clean(service, text)

    async def whole() -> str:
        return await read()

    async def by_path(path: str, lines: str = "") -> str:
        return await read(path=path, lines=lines)

    async def by_id(id: str) -> str:  # noqa: A002
        return await read(id=id)

    async def by_name(name: str) -> str:
        return await read(name=name)

    for variable, function in (("{+path}", by_path), ("{name}", by_name), ("{id}", by_id)):
        if variable in resource.uri:
            return function
    return whole


def _told(service: "Service", error: Exception) -> str:
    return _clean(service, explained(error))


def _clean(service: "Service", text: str) -> str:
    return redacted(text, None, redaction_of(service.state.book.settings))[0]


class _Asked(McpPrompt):
    """Leaves the check of arguments to its function, whose error teaches."""

    async def render(
        self, arguments: dict[str, Any] | None, context: "Context[Any, Any]"
    ) -> "list[Message] | InputRequiredResult":
        """The prompt as messages."""
        bare = self.model_copy(update={"arguments": None})
        return await McpPrompt.render(bare, arguments, context)


def _prompt(prompt: Prompt) -> McpPrompt:
    names = [argument.name for argument in prompt.arguments]

    def text(**given: Any) -> str:
        told = {name: str(given.get(name, "")).strip() for name in names}
        for argument in prompt.arguments:
            if argument.required and not told[argument.name]:
                needed = f"{prompt.name} needs `{argument.name}`: {argument.description}."
                raise MCPError(INVALID_PARAMS, needed)
        return prompt.text(told)

    return _Asked(
        name=prompt.name,
        title=prompt.title,
        description=prompt.description,
        arguments=[
            McpArgument(
                name=argument.name, description=argument.description, required=argument.required
            )
            for argument in prompt.arguments
        ],
        fn=text,
        context_kwarg=None,
    )


def _kind(ref: PromptReference | ResourceTemplateReference, name: str) -> str:
    if isinstance(ref, ResourceTemplateReference):
        return _COMPLETES.get((ref.uri, name), "")
    known: Mapping[str, str] = {
        argument.name: argument.completes
        for prompt in PROMPTS
        if prompt.name == ref.name
        for argument in prompt.arguments
    }
    return known.get(name, "")
