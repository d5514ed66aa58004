"""pydantic-ai, with its own FunctionModel."""

import asyncio
from typing import Any

from errand import CALLS, LAST_WORD, QUESTION, asked, cancel, hold, report
from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

PACKAGES = ["pydantic-ai-slim", "fastmcp", "fastmcp-slim", "mcp"]
offered: list[str] = []


def scripted(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    offered[:] = [tool.name for tool in info.function_tools]
    turn = sum(isinstance(message, ModelResponse) for message in messages)
    if turn < len(CALLS):
        name, arguments = CALLS[turn]
        return ModelResponse(parts=[ToolCallPart(name, arguments)])
    return ModelResponse(parts=[TextPart(LAST_WORD)])


def shown(messages: list[ModelMessage]) -> list[str]:
    parts = [part for message in messages if message.kind == "request" for part in message.parts]
    kinds = ("tool-return", "retry-prompt")
    return [str(part.content) for part in parts if part.part_kind in kinds]


async def main() -> None:
    want = asked()
    act = want.pop("act")
    toolset: MCPToolset[Any] = MCPToolset(StdioTransport(**want), init_timeout=120)
    async with toolset:
        if act == "hold":
            await hold(toolset.direct_call_tool)
        if act == "cancel":
            report(PACKAGES, **await cancel(toolset.direct_call_tool))
            return
        agent = Agent(FunctionModel(scripted), toolsets=[toolset], retries=3)
        result = await agent.run(QUESTION)
        report(PACKAGES, tools=offered, shown=shown(result.all_messages()), said=result.output)


asyncio.run(main())
