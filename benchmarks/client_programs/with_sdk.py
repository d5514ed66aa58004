"""The SDK's own client; the last argument chooses the era."""

import asyncio
import sys
from typing import Any

from errand import CALLS, asked, cancel, hold, report
from mcp import Client, StdioServerParameters


async def main() -> None:
    want = asked()
    act = want.pop("act")
    mode: Any = sys.argv[2]
    async with Client(StdioServerParameters(**want), mode=mode) as client:
        if act == "hold":
            await hold(client.call_tool)
        if act == "cancel":
            report(["mcp"], **await cancel(client.call_tool))
            return
        tools = [tool.name for tool in (await client.list_tools()).tools]
        results = [await client.call_tool(name, arguments) for name, arguments in CALLS]
        shown = ["\n".join(getattr(part, "text", "") for part in r.content) for r in results]
        report(["mcp"], tools=tools, shown=shown)


asyncio.run(main())
