"""The tools, resources and prompts of fixed names that the official conformance suite calls.

They are registered on our own server beside its own tools, and served by our own application over
our own transport: what is tried is everything but the tools. Run as a program, it prints the
address it serves at and goes on until standard input is closed.
"""

import asyncio
import base64
import json
import logging
import struct
import sys
import tempfile
import zlib
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from conformance_asking import asking, in_rounds
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.server.mcpserver.tools import Tool
from mcp.server.streamable_http import EventMessage, EventStore
from mcp.shared.exceptions import MCPError
from mcp.types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    AudioContent,
    ClientCapabilities,
    Completion,
    EmbeddedResource,
    EmptyResult,
    ImageContent,
    MissingRequiredClientCapabilityErrorData,
    SetLevelRequestParams,
    SubscribeRequestParams,
    TextContent,
    TextResourceContents,
    UnsubscribeRequestParams,
)
from pydantic import Field
from rlm_server.command_line import command_line
from rlm_server.manner import Manner
from rlm_server.mcp_server import make_server
from rlm_server.service import Service
from rlm_server.web.serving import Front, listener

Ctx = Context[Any, Any]


def _png() -> str:
    """One red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\x00\x00")
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


def _wav() -> str:
    """Eight samples of silence."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8_000, 8_000, 1, 8)
    data = struct.pack("<4sI", b"data", 8) + b"\x80" * 8
    whole = struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data), b"WAVE") + form + data
    return base64.b64encode(whole).decode()


IMAGE = ImageContent(type="image", data=_png(), mime_type="image/png")
AUDIO = AudioContent(type="audio", data=_wav(), mime_type="audio/wav")


def embedded(uri: str, kind: str, text: str) -> EmbeddedResource:
    contents = TextResourceContents(uri=uri, mime_type=kind, text=text)
    return EmbeddedResource(type="resource", resource=contents)


def register(server: MCPServer[Any]) -> None:
    """Put all of it on the server."""
    for fixture in (_contents, _talking, asking, in_rounds, _schemas, _resources, _prompts):
        fixture(server)
    _handshake_era(server)


def _contents(server: MCPServer[Any]) -> None:
    """Results of each kind."""

    @server.tool()
    def test_simple_text() -> str:
        """Text."""
        return "This is a simple text response for testing."

    @server.tool(structured_output=False)
    def test_image_content() -> ImageContent:
        """An image."""
        return IMAGE

    @server.tool(structured_output=False)
    def test_audio_content() -> AudioContent:
        """A sound."""
        return AUDIO

    @server.tool(structured_output=False)
    def test_embedded_resource() -> EmbeddedResource:
        """A resource in a result."""
        return embedded(
            "test://embedded-resource", "text/plain", "This is an embedded resource content."
        )

    @server.tool(structured_output=False)
    def test_multiple_content_types() -> list[Any]:
        """Three kinds in one result."""
        data = json.dumps({"test": "data", "value": 123})
        return [
            TextContent(type="text", text="Multiple content types test:"),
            IMAGE,
            embedded("test://mixed-content-resource", "application/json", data),
        ]

    @server.tool()
    def test_error_handling() -> str:
        """An error."""
        raise ValueError("This tool intentionally returns an error for testing")


def _talking(server: MCPServer[Any]) -> None:
    """Log lines and progress while a call goes on."""

    @server.tool()
    async def test_tool_with_logging(ctx: Ctx) -> str:
        """Three log lines."""
        for line in ("started", "processing data", "completed"):
            await ctx.info(f"Tool {'' if 'data' in line else 'execution '}{line}")
            await asyncio.sleep(0.05)
        return "logged"

    @server.tool()
    async def test_logging_tool(ctx: Ctx) -> str:
        """One log line, for who asks for them."""
        await ctx.info("a line")
        return "logged"

    @server.tool()
    async def test_tool_with_progress(ctx: Ctx) -> str:
        """Progress in three steps."""
        for done in (0, 50, 100):
            await ctx.report_progress(done, 100, f"{done} of 100")
            await asyncio.sleep(0.05)
        return "done"

    @server.tool()
    async def test_reconnection(ctx: Ctx) -> str:
        """Closes the stream of its own call; the result comes when the client is back."""
        await ctx.close_sse_stream()
        await asyncio.sleep(0.2)
        return "Reconnection test completed successfully."

    @server.tool()
    async def test_missing_capability(ctx: Ctx) -> str:
        """Needs sampling."""
        declared = ctx.client_capabilities
        if declared is None or declared.sampling is None:
            needed = ClientCapabilities.model_validate({"sampling": {}})
            data = MissingRequiredClientCapabilityErrorData(required_capabilities=needed)
            raise MCPError(
                code=MISSING_REQUIRED_CLIENT_CAPABILITY,
                message="This tool needs sampling.",
                data=data.model_dump(by_alias=True, mode="json", exclude_none=True),
            )
        return "sampling was declared"


def _schemas(server: MCPServer[Any]) -> None:
    """Input schemas with what is seldom used."""

    def takes_none() -> str:
        return "taken"

    address = {
        "$anchor": "addressDef",
        "type": "object",
        "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
    }
    tool = Tool.from_function(takes_none, name="json_schema_2020_12_tool")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": address},
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": False,
    }
    described = "Tool with JSON Schema 2020-12 features"
    kept = tool.model_copy(update={"parameters": schema, "description": described})
    server._tool_manager._tools[kept.name] = kept

    @server.tool()
    def test_headers(
        region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
    ) -> str:
        """One argument that also stands in a header."""
        return region


def _resources(server: MCPServer[Any]) -> None:
    @server.resource("test://static-text", description="Text.", mime_type="text/plain")
    def static_text() -> str:
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", description="An image.", mime_type="image/png")
    def static_binary() -> bytes:
        return base64.b64decode(IMAGE.data)

    @server.resource("test://watched-resource", description="Watched.", mime_type="text/plain")
    def watched() -> str:
        return "Nothing happens here."

    @server.resource("test://template/{id}/data", mime_type="application/json")
    def template(id: str) -> str:  # noqa: A002
        """What is asked for by its id."""
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def _prompts(server: MCPServer[Any]) -> None:
    @server.prompt()
    def test_simple_prompt() -> list[UserMessage]:
        """Text."""
        return [UserMessage("This is a simple prompt for testing.")]

    @server.prompt()
    def test_prompt_with_arguments(arg1: str, arg2: str) -> list[UserMessage]:
        """Two arguments."""
        return [UserMessage(f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")]

    @server.prompt()
    def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:  # noqa: N803
        """A resource in a prompt."""
        text = "Embedded resource content for testing."
        return [
            UserMessage(embedded(resourceUri, "text/plain", text)),
            UserMessage("Please process the embedded resource above."),
        ]

    @server.prompt()
    def test_prompt_with_image() -> list[UserMessage]:
        """An image in a prompt."""
        return [UserMessage(IMAGE), UserMessage("Please analyze the image above.")]


def _handshake_era(server: MCPServer[Any]) -> None:
    """What the SDK offers below `MCPServer` only."""
    inner = server._lowlevel_server

    async def accept(_: Any, __: Any) -> EmptyResult:
        return EmptyResult()

    inner.add_request_handler("logging/setLevel", SetLevelRequestParams, accept)
    inner.add_request_handler("resources/subscribe", SubscribeRequestParams, accept)
    inner.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, accept)
    if inner.get_request_handler("completion/complete") is None:

        @server.completion()
        async def _(_ref: Any, argument: Any, _context: Any) -> Completion:
            found = [name for name in ("paris", "park", "party") if name.startswith(argument.value)]
            return Completion(values=found, total=len(found), has_more=False)


class Events(EventStore):
    """Everything that was sent, so that a stream can be taken up again."""

    def __init__(self) -> None:
        self._sent: list[tuple[str, Any]] = []

    async def store_event(self, stream_id: str, message: Any) -> str:
        self._sent.append((stream_id, message))
        return str(len(self._sent) - 1)

    async def replay_events_after(self, last_event_id: str, send_callback: Any) -> str | None:
        if not last_event_id.isdecimal() or int(last_event_id) >= len(self._sent):
            return None
        stream, after = self._sent[int(last_event_id)][0], int(last_event_id) + 1
        for number, (of, message) in enumerate(self._sent[after:], after):
            if of == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream


async def serve(root: Path, home: Path) -> None:
    """Serve on a free port of the loopback until standard input ends."""
    arguments = ["serve", "--http", "127.0.0.1:0", "--no-token", "--rate", "10000"]
    front = Front.of(command_line().parse_args(arguments), {})
    service = Service([root], {"RLM_HOME": str(home)}, manner=Manner(spares=False))
    server = make_server(service)
    register(server)
    # It keeps all that was sent, for everyone: fit for a trial only, so not of the application.
    resumable = partial(server.streamable_http_app, event_store=Events(), retry_interval=100)
    server.streamable_http_app = resumable  # pyright: ignore[reportAttributeAccessIssue]
    serving = listener(service, front, None, server=server)
    listening = front.address.listening()
    print(front.url(listening.getsockname()[1]), flush=True)
    task = asyncio.create_task(serving.serve(sockets=[listening]))
    await asyncio.to_thread(sys.stdin.read)
    serving.should_exit = True
    await task


def main() -> None:
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "root"
        root.mkdir()
        (root / "shop.py").write_text("def total(prices):\n    return sum(prices)\n")
        asyncio.run(serve(root, Path(folder) / "home"))


if __name__ == "__main__":
    main()
