"""The tools and prompts of the conformance suite that ask the client for something in a call."""

import json
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    ListRootsRequest,
    ListRootsResult,
    SamplingMessage,
    TextContent,
)

Ctx = Context[Any, Any]


def asking(server: MCPServer[Any]) -> None:
    """Requests to the client in the midst of a call, as the handshake era has them."""

    @server.tool()
    async def test_sampling(prompt: str, ctx: Ctx) -> str:
        """Asks the client's model."""
        message = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
        result = await ctx.session.create_message(
            [message], max_tokens=100, related_request_id=ctx.request_id
        )
        return f"LLM response: {getattr(result.content, 'text', '')}"

    async def asked(ctx: Ctx, message: str, properties: dict[str, Any], *required: str) -> str:
        schema = {"type": "object", "properties": properties, "required": list(required)}
        result = await ctx.session.elicit_form(message, schema, ctx.request_id)
        return f"action={result.action}, content={json.dumps(result.content)}"

    @server.tool()
    async def test_elicitation(message: str, ctx: Ctx) -> str:
        """Asks the user two things."""
        text = {"type": "string", "description": "what you are called, and where to write to"}
        fields = {"username": text, "email": text}
        return f"User response: {await asked(ctx, message, fields, *fields)}"

    @server.tool()
    async def test_elicitation_sep1034_defaults(ctx: Ctx) -> str:
        """A default of each primitive type."""
        status = {
            "type": "string",
            "enum": ["active", "inactive", "pending"],
            "default": "active",
        }
        fields = {
            "name": {"type": "string", "default": "John Doe"},
            "age": {"type": "integer", "default": 30},
            "score": {"type": "number", "default": 95.5},
            "status": status,
            "verified": {"type": "boolean", "default": True},
        }
        return f"Elicitation completed: {await asked(ctx, 'Please look over these', fields)}"

    @server.tool()
    async def test_elicitation_sep1330_enums(ctx: Ctx) -> str:
        """A choice in each form."""
        plain = ["option1", "option2", "option3"]
        titled = [{"const": f"value{n}", "title": f"Choice {n}"} for n in (1, 2, 3)]
        legacy = {"enum": ["opt1", "opt2", "opt3"], "enumNames": ["One", "Two", "Three"]}
        fields = {
            "untitledSingle": {"type": "string", "enum": plain},
            "titledSingle": {"type": "string", "oneOf": titled},
            "legacyEnum": {"type": "string", **legacy},
            "untitledMulti": {"type": "array", "items": {"type": "string", "enum": plain}},
            "titledMulti": {"type": "array", "items": {"anyOf": titled}},
        }
        return f"Elicitation completed: {await asked(ctx, 'Please choose', fields)}"


def form(message: str, field: str, kind: str = "string") -> ElicitRequest:
    schema = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sampled(text: str, tokens: int) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=TextContent(type="text", text=text))
    return CreateMessageRequest(
        params=CreateMessageRequestParams(messages=[message], max_tokens=tokens)
    )


def answered(ctx: Ctx, key: str, kind: type) -> Any:
    """The client's answer under this key, where it is of the kind that was asked for."""
    found = (ctx.input_responses or {}).get(key)
    return found if isinstance(found, kind) else None


def needs(requests: dict[str, Any], state: str | None = None) -> InputRequiredResult:
    return InputRequiredResult(input_requests=requests, request_state=state)


def in_rounds(server: MCPServer[Any]) -> None:
    """The same as results of the call, as the era of 2026 has them."""
    name = form("What is your name?", "name")

    def tool(called: str) -> Any:
        return server.tool(name=f"test_input_required_result_{called}", structured_output=False)

    def of_name(ctx: Ctx) -> Any:
        given: ElicitResult | None = answered(ctx, "user_name", ElicitResult)
        if given is None or not isinstance((given.content or {}).get("name"), str):
            return None
        return given.content["name"] if given.content else None

    @tool("elicitation")
    async def _(ctx: Ctx) -> Any:
        """Asks for a name."""
        given = of_name(ctx)
        return f"Hello, {given}!" if given else needs({"user_name": name})

    @server.tool(structured_output=False)
    async def test_streaming_elicitation(ctx: Ctx) -> Any:
        """The same, with progress before."""
        await ctx.report_progress(1, 2, "about to ask")
        given = of_name(ctx)
        return f"Hello, {given}!" if given else needs({"user_name": name})

    @tool("sampling")
    async def _(ctx: Ctx) -> Any:
        """Asks a model."""
        given = answered(ctx, "capital_question", CreateMessageResult)
        if given is None:
            return needs({"capital_question": sampled("What is the capital of France?", 100)})
        return f"It said: {given.content.text}"

    @tool("list_roots")
    async def _(ctx: Ctx) -> Any:
        """Asks for the client's roots."""
        given = answered(ctx, "client_roots", ListRootsResult)
        if given is None:
            return needs({"client_roots": ListRootsRequest()})
        return f"Roots: {', '.join(str(root.uri) for root in given.roots)}"

    @tool("request_state")
    async def _(ctx: Ctx) -> Any:
        """Keeps a state over the round."""
        given = answered(ctx, "confirm", ElicitResult)
        if given is None or ctx.request_state != "asked":
            return needs({"confirm": form("Please confirm", "ok", "boolean")}, "asked")
        return "state-ok"

    @tool("tampered_state")
    async def _(ctx: Ctx) -> Any:
        """The same; what is not the state we gave does not come this far."""
        if ctx.request_state != "asked":
            return needs({"confirm": form("Please confirm", "ok", "boolean")}, "asked")
        return "state-ok"

    @tool("multiple_inputs")
    async def _(ctx: Ctx) -> Any:
        """Asks three at once."""
        wanted = {
            "user_name": (name, ElicitResult),
            "greeting": (sampled("Generate a greeting", 50), CreateMessageResult),
            "client_roots": (ListRootsRequest(), ListRootsResult),
        }
        if any(answered(ctx, key, kind) is None for key, (_, kind) in wanted.items()):
            return needs({key: request for key, (request, _) in wanted.items()}, "asked")
        return "all three came"

    @tool("multi_round")
    async def _(ctx: Ctx) -> Any:
        """Asks twice, one after the other."""
        first = answered(ctx, "step1", ElicitResult)
        second = answered(ctx, "step2", ElicitResult)
        if ctx.request_state == "second" and second is not None:
            return "both came"
        if ctx.request_state == "first" and first is not None:
            asked = form("Step 2: What is your favorite color?", "color")
            return needs({"step2": asked}, "second")
        return needs({"step1": form("Step 1: What is your name?", "name")}, "first")

    @tool("capabilities")
    async def _(ctx: Ctx) -> Any:
        """Asks for what the client says it can do."""
        declared = ctx.client_capabilities
        requests: dict[str, Any] = {}
        if declared is not None and declared.elicitation is not None:
            requests["user_name"] = name
        if declared is not None and declared.sampling is not None:
            requests["capital"] = sampled("What is the capital of France?", 100)
        return needs(requests) if requests and not ctx.input_responses else "nothing to ask"

    @server.prompt(name="test_input_required_result_prompt")
    async def _(ctx: Ctx) -> Any:
        """A prompt that asks first."""
        given = answered(ctx, "user_context", ElicitResult)
        if given is None:
            return needs({"user_context": form("What context should the prompt use?", "context")})
        return [UserMessage(f"In the context of {(given.content or {}).get('context')}.")]
