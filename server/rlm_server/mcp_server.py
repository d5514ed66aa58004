"""The service as an MCP server: both protocol eras, over any transport of the SDK."""

import sys
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager, redirect_stdout
from functools import partial
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.tools import Tool as McpTool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp.types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import ConfigDict
from rlm_crystal.types import Progress
from rlm_tools.catalogue import offered
from rlm_tools.tool import Effects, Tool

from rlm_server import __version__
from rlm_server.instructions import instructions
from rlm_server.lending import Pushing, lent_by
from rlm_server.manner import Manner
from rlm_server.principal import acting
from rlm_server.progress_teller import ProgressTeller
from rlm_server.reading import add_reading
from rlm_server.rounds import Exchanges
from rlm_server.tool_call import Outcome, call_tool, jobs_of

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
    from mcp.server.mcpserver import Context

    from rlm_server.service import Service

_LEFT_OUT = frozenset({"title", "minLength", "maxLength", "minimum"})


def make_server(service: "Service", *, tools: Sequence[Tool] | None = None) -> "MCPServer[None]":
    """Return an MCP server for the service; it starts and ends the service with itself.

    It offers what the manner of the service says, unless `tools` are given.
    """
    manner = service.manner
    shown = offered(manner.toolset, read_only=manner.read_only) if tools is None else tools
    names = {tool.name for tool in shown}

    @asynccontextmanager
    async def lifespan(_: "MCPServer[None]") -> AsyncGenerator[None]:
        # The protocol owns standard output; whoever prints is heard on standard error.
        with redirect_stdout(sys.stderr):
            async with service.serving():
                service.jobs = jobs_of(service)
                yield

    async def begin_after_the_first(
        ctx: "ServerRequestContext[Any, Any]", call_next: "CallNext"
    ) -> "HandlerResult":
        wanted = str((ctx.params or {}).get("name", "")) if ctx.method == "tools/call" else ""
        if why := _withheld(wanted, names, manner):
            return _result(Outcome(why, None, failed=True))
        result = await call_next(ctx)
        service.begin()
        return result

    exchanges = Exchanges()
    server: MCPServer[None] = MCPServer(
        name="rlm-mcp",
        title="Ask anything of a large corpus",
        instructions=instructions(names),
        version=__version__,
        tools=[_offered(service, tool, exchanges) for tool in shown],
        log_level="WARNING",
        lifespan=lifespan,
        middleware=[begin_after_the_first],
        # Lists never change, and the handshake era has no other way to be told of a resource.
        subscriptions=False,
    )
    add_reading(server, service)
    return server


def _withheld(name: str, shown: Collection[str], manner: Manner) -> str:
    """Why a tool that there is cannot be called here; empty for one that can, or is none."""
    if not name or name in shown or name not in {tool.name for tool in offered("full")}:
        return ""
    if manner.read_only and name in {tool.name for tool in offered(manner.toolset)}:
        return f"{name} changes something, and this server was started with --read-only."
    return (
        f"{name} is not offered: this server was started with the toolset {manner.toolset}. Its"
        " operator adds it with --toolset full, or RLM_TOOLSET=full in its environment."
    )


def input_schema(tool: Tool) -> dict[str, Any]:
    """Return the schema of the arguments, flat; every client pays for each word of it each time.

    Titles repeat the names, and the bounds of texts are so wide that only a mistake meets them.
    """
    schema = tool.arguments.model_json_schema()
    properties = {
        name: {key: value for key, value in rules.items() if _tells(key, value)}
        for name, rules in schema.get("properties", {}).items()
    }
    flat: dict[str, Any] = {"type": "object", "properties": properties}
    if "required" in schema:
        flat["required"] = schema["required"]
    return flat | {"additionalProperties": False}


def _tells(key: str, value: object) -> bool:
    """Whether a client learns from it: what is not required is empty, false or 0 without."""
    return key not in _LEFT_OUT and not (key == "default" and not value)


class _RawArguments(ArgModelBase):
    """Hands arguments on as they came: our own check of them teaches better."""

    model_config = ConfigDict(extra="allow")

    def model_dump_one_level(self) -> dict[str, Any]:
        """Return them as the one argument of the function."""
        return {"arguments": dict(self.model_extra or {})}


def _offered(service: "Service", tool: Tool, exchanges: Exchanges) -> McpTool:
    async def call(
        arguments: dict[str, Any], context: "Context[Any, Any]"
    ) -> CallToolResult | InputRequiredResult:
        if tool.quick and not arguments.get("wait_s"):
            return _result(await call_tool(service, tool, arguments, _silence))
        teller = ProgressTeller(context.report_progress)
        async with teller.telling():
            if not (tool.lends_model and _lends(context)):
                return _result(await call_tool(service, tool, arguments, teller))
            if context.session.can_send_request:
                with lent_by(Pushing(context.session, context.request_id)):
                    return _result(await call_tool(service, tool, arguments, teller))
            outcome = await exchanges.leg(
                service.tasks,
                (acting(), arguments),
                partial(call_tool, service, tool, arguments),
                teller,
                state=context.request_state,
                responses=dict(context.input_responses or {}),
            )
            return _result(outcome) if isinstance(outcome, Outcome) else outcome

    return McpTool(
        fn=call,
        name=tool.name,
        title=tool.title,
        description=tool.description,
        parameters=input_schema(tool),
        fn_metadata=FuncMetadata(arg_model=_RawArguments),
        is_async=True,
        context_kwarg="context",
        annotations=_annotations(tool.effects),
    )


def _lends(context: "Context[Any, Any]") -> bool:
    """Whether the client declares sampling."""
    capabilities = context.client_capabilities
    return capabilities is not None and capabilities.sampling is not None


def _silence(_: Progress) -> None:
    """Progress of what makes none."""


def _annotations(effects: Effects) -> ToolAnnotations:
    """What a client needs to know; of a tool that only reads the other two say nothing."""
    if effects.reads_only:
        return ToolAnnotations(read_only_hint=True, open_world_hint=effects.open_world)
    return ToolAnnotations(
        read_only_hint=False,
        destructive_hint=effects.destructive,
        idempotent_hint=effects.idempotent,
        open_world_hint=effects.open_world,
    )


def _result(outcome: Outcome) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(type="text", text=outcome.text)],
        structured_content=outcome.fields,
        is_error=outcome.failed,
    )
