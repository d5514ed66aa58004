"""The service as an MCP server: both protocol eras, over any transport of the SDK.

`initialize` is answered from what stands here. The tools, resources and prompts are imported when a
client first asks for anything else: making them costs more than all the rest of ours.
"""

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, redirect_stdout
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import UnexpectedToolError
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS
from rlm_tools.toolset import names_of

from rlm_server import __version__
from rlm_server.instructions import instructions

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
    from mcp.server.mcpserver import Context
    from mcp.types import (
        CallToolResult,
        Completion,
        CompletionArgument,
        CompletionContext,
        InputRequiredResult,
        PromptReference,
        ResourceTemplateReference,
    )
    from mcp.types import Tool as McpTool
    from rlm_tools.tool import Tool

    from rlm_server.offering import Offering
    from rlm_server.service import Service

# What a client says before it asks for anything, in either era.
_GREETINGS = frozenset({"initialize", "ping", "server/discover"})


def make_server(service: "Service", *, tools: "Sequence[Tool] | None" = None) -> "MCPServer[None]":
    """Return an MCP server for the service; it starts and ends the service with itself.

    It offers what the manner of the service says, unless `tools` are given.
    """
    return _Server(service, tools)


class _Server(MCPServer[None]):
    def __init__(self, service: "Service", tools: "Sequence[Tool] | None") -> None:
        manner = service.manner
        names = (
            names_of(manner.toolset, read_only=manner.read_only)
            if tools is None
            else [tool.name for tool in tools]
        )

        @asynccontextmanager
        async def lifespan(_: "MCPServer[None]") -> AsyncGenerator[None]:
            # The protocol owns standard output; whoever prints is heard on standard error.
            with redirect_stdout(sys.stderr):
                async with service.serving():
                    yield

        super().__init__(
            name="rlm-mcp",
            title="Ask anything of a large corpus",
            instructions=instructions(names),
            version=__version__,
            log_level="WARNING",
            lifespan=lifespan,
            middleware=[self._begin],
            # Lists never change, and the handshake era has no other way to be told of a resource.
            subscriptions=False,
        )
        self._service = service
        self._given = tools
        self._prepared = False

        @self.completion()
        async def complete(
            ref: "PromptReference | ResourceTemplateReference",
            argument: "CompletionArgument",
            _: "CompletionContext | None",
        ) -> "Completion":
            from rlm_server.reading import completion_of

            return await completion_of(service, ref, argument)

        _ = complete

    @cached_property
    def _offering(self) -> "Offering":
        from rlm_server.offering import Offering

        return Offering(self._service, self._given)

    async def list_tools(self) -> "list[McpTool]":
        """Ours, then what was added."""
        return [*self._offering.listed(), *await super().list_tools()]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: "Context[None, Any] | None" = None
    ) -> "CallToolResult | InputRequiredResult":
        """Call one of ours, or what was added; what fails unforeseen is told without its words."""
        if context is None or self._offering.schema(name) is None:
            return await super().call_tool(name, arguments, context)
        try:
            return await self._offering.call(name, arguments, context)
        except MCPError:
            raise
        except Exception as error:
            raise UnexpectedToolError(f"Error executing tool {name}") from error

    def _tool_input_schema(self, name: str) -> dict[str, Any] | None:
        return self._offering.schema(name) or super()._tool_input_schema(name)

    async def _begin(
        self, ctx: "ServerRequestContext[Any, Any]", call_next: "CallNext"
    ) -> "HandlerResult":
        """Begin the work of the service after the first answer."""
        if ctx.method not in _GREETINGS and not self._prepared:
            self._prepare()
        name = (ctx.params or {}).get("name", "")
        if ctx.method == "tools/call" and (refused := self._offering.withheld(str(name))):
            return refused
        if ctx.method == "prompts/get" and isinstance(name, str):
            self._known_prompt(name)
        result = await call_next(ctx)
        self._service.begin()
        return result

    def _prepare(self) -> None:
        from rlm_server.reading import add_reading
        from rlm_server.tool_call import jobs_of

        self._prepared = True
        self._service.jobs = jobs_of(self._service)
        add_reading(self, self._service)

    def _known_prompt(self, name: str) -> None:
        """The SDK takes a name that it does not know for a failure of ours, and logs it as one."""
        known = [prompt.name for prompt in self._prompt_manager.list_prompts()]
        if name not in known:
            there = ", ".join(known)
            raise MCPError(INVALID_PARAMS, f"There is no such prompt; there are: {there}.")
