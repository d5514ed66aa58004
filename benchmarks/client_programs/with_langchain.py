"""langchain-mcp-adapters and an agent of langchain, with a scripted chat model.

Its tools start a server for each call; only `hold` and `cancel` keep one session.
"""

import asyncio
from typing import Any

from errand import CALLS, LAST_WORD, QUESTION, asked, cancel, hold, report
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_mcp_adapters.client import MultiServerMCPClient

PACKAGES = ["langchain-mcp-adapters", "langchain", "mcp"]
offered: list[str] = []


class Scripted(BaseChatModel):
    """Calls one tool after another."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **_: Any) -> "Scripted":
        offered[:] = [tool.name for tool in tools]
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        turn = sum(isinstance(message, AIMessage) for message in messages)
        said = AIMessage(LAST_WORD)
        if turn < len(CALLS):
            name, arguments = CALLS[turn]
            said = AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": f"c{turn}"}])
        return ChatResult(generations=[ChatGeneration(message=said)])


async def main() -> None:
    want = asked()
    act = want.pop("act")
    client = MultiServerMCPClient({"rlm": {"transport": "stdio", **want}})
    if act in ("hold", "cancel"):
        async with client.session("rlm") as session:
            if act == "hold":
                await hold(session.call_tool)
            report(PACKAGES, **await cancel(session.call_tool))
            return
    agent = create_agent(Scripted(), await client.get_tools())
    done = await agent.ainvoke({"messages": [("user", QUESTION)]}, {"recursion_limit": 50})
    shown = [_text(m.content) for m in done["messages"] if isinstance(m, ToolMessage)]
    report(PACKAGES, tools=offered, shown=shown, said=done["messages"][-1].content)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)


asyncio.run(main())
