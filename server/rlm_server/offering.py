"""The tools as a client is shown them and as it calls them; imported when it first asks for one."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from mcp.types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from mcp.types import Tool as McpTool
from rlm_crystal.types import Progress
from rlm_tools.catalogue import offered
from rlm_tools.tool import Effects, Tool

from rlm_server.lending import Pushing, lent_by
from rlm_server.manner import Manner
from rlm_server.principal import acting
from rlm_server.progress_teller import ProgressTeller
from rlm_server.rounds import Exchanges
from rlm_server.tool_call import Outcome, call_tool

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context

    from rlm_server.service import Service

_LEFT_OUT = frozenset({"title", "minLength", "maxLength", "minimum"})


class Offering:
    """What one server offers: `tools`, or else what the manner of its service says."""

    def __init__(self, service: "Service", tools: Sequence[Tool] | None) -> None:
        manner = service.manner
        shown = offered(manner.toolset, read_only=manner.read_only) if tools is None else tools
        self._service = service
        self._tools = {tool.name: tool for tool in shown}
        self._listed = {tool.name: _listed(tool) for tool in shown}
        self._exchanges = Exchanges()

    def listed(self) -> list[McpTool]:
        """Each tool as a client lists it."""
        return list(self._listed.values())

    def schema(self, name: str) -> dict[str, Any] | None:
        """The schema of the arguments of a tool, where it is offered."""
        return self._listed[name].input_schema if name in self._listed else None

    def withheld(self, name: str) -> CallToolResult | None:
        """What a caller is told of a tool that there is and that is not offered here."""
        if name in self._tools or name not in {tool.name for tool in offered("full")}:
            return None
        return _result(Outcome(_why_withheld(name, self._service.manner), None, failed=True))

    async def call(
        self, name: str, arguments: dict[str, Any], context: "Context[Any, Any]"
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool that is offered; the client's own model is lent to it where it may be."""
        service, tool = self._service, self._tools[name]
        if tool.quick and not arguments.get("wait_s"):
            return _result(await call_tool(service, tool, arguments, _silence))
        teller = ProgressTeller(context.report_progress)
        async with teller.telling():
            if not (tool.lends_model and _lends(context)):
                return _result(await call_tool(service, tool, arguments, teller))
            if context.session.can_send_request:
                with lent_by(Pushing(context.session, context.request_id)):
                    return _result(await call_tool(service, tool, arguments, teller))
            outcome = await self._exchanges.leg(
                service.tasks,
                (acting(), arguments),
                partial(call_tool, service, tool, arguments),
                teller,
                state=context.request_state,
                responses=dict(context.input_responses or {}),
            )
            return _result(outcome) if isinstance(outcome, Outcome) else outcome


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


def _listed(tool: Tool) -> McpTool:
    return McpTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=input_schema(tool),
        annotations=_annotations(tool.effects),
    )


def _why_withheld(name: str, manner: Manner) -> str:
    if manner.read_only and name in {tool.name for tool in offered(manner.toolset)}:
        return f"{name} changes something, and this server was started with --read-only."
    return (
        f"{name} is not offered: this server was started with the toolset {manner.toolset}. Its"
        " operator adds it with --toolset full, or RLM_TOOLSET=full in its environment."
    )


def _tells(key: str, value: object) -> bool:
    """Whether a client learns from it: what is not required is empty, false or 0 without."""
    return key not in _LEFT_OUT and not (key == "default" and not value)


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
