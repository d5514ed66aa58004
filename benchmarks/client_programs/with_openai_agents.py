"""openai-agents, with a scripted OpenAI-compatible endpoint as its model."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from agents import Agent, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
from agents.mcp import MCPServerStdio
from errand import CALLS, LAST_WORD, QUESTION, asked, cancel, hold, report
from openai import AsyncOpenAI

PACKAGES = ["openai-agents", "mcp"]


class Scripted(BaseHTTPRequestHandler):
    """Calls one tool after another; keeps what it was shown of the last."""

    messages: ClassVar[list[dict[str, Any]]] = []
    offered: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        Scripted.messages = body["messages"]
        Scripted.offered = [tool["function"]["name"] for tool in body.get("tools", [])]
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        reply: dict[str, Any] = {"role": "assistant", "content": LAST_WORD}
        if turn < len(CALLS):
            name, arguments = CALLS[turn]
            function = {"name": name, "arguments": json.dumps(arguments)}
            call = {"id": f"call_{turn}", "type": "function", "function": function}
            reply = {"role": "assistant", "content": None, "tool_calls": [call]}
        reason = "tool_calls" if turn < len(CALLS) else "stop"
        choice = {"index": 0, "finish_reason": reason, "message": reply}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        told = {"id": "x", "object": "chat.completion", "created": 0, "model": "scripted"}
        data = json.dumps(told | {"choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing of requests."""


def shown() -> list[str]:
    contents = [m["content"] for m in Scripted.messages if m["role"] == "tool"]
    return [
        each if isinstance(each, str) else "\n".join(part.get("text", "") for part in each)
        for each in contents
    ]


async def main() -> None:
    want = asked()
    act = want.pop("act")
    endpoint = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{endpoint.server_port}/v1"
    set_tracing_disabled(True)
    async with MCPServerStdio(want, client_session_timeout_seconds=60) as server:
        if act == "hold":
            await hold(server.call_tool)
        if act == "cancel":
            report(PACKAGES, **await cancel(server.call_tool))
            return
        model = OpenAIChatCompletionsModel("scripted", AsyncOpenAI(base_url=address, api_key="x"))
        agent = Agent(name="errand", model=model, mcp_servers=[server])
        result = await Runner.run(agent, QUESTION, max_turns=len(CALLS) + 2)
        report(PACKAGES, tools=Scripted.offered, shown=shown(), said=result.final_output)


asyncio.run(main())
