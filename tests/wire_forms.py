"""Three ways to put a chat on the wire, as servers write them: OpenAI, Anthropic, Ollama.

Each form turns one scripted reply into a body, the same in pieces, or an error.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What one request gets.

    `stall` waits until the server closes, with `stall_after` in the midst of a stream; `die` drops
    the connection, and `die_after` does in the midst of a stream. `finish` is OpenAI's word for
    why it ended. `raw` is sent as it is. `whole` answers in one body whatever was asked for.
    """

    text: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stall: bool = False
    stall_after: int | None = None
    die: bool = False
    die_after: int | None = None
    tokens_in: int = 100
    tokens_out: int = 20
    tokens_cached: int = 0
    tokens_cache_written: int = 0
    finish: str = "stop"
    refusal: str | None = None
    thinking: str = ""
    raw: str | None = None
    whole: bool = False

    @property
    def pieces(self) -> list[str]:
        """The text word by word."""
        return [word + " " for word in self.text.split(" ")[:-1]] + self.text.split(" ")[-1:]


@dataclass(frozen=True)
class Form:
    """How one kind of server writes."""

    body: Callable[[Reply, str], dict[str, Any]]
    stream: Callable[[Reply, str], Iterator[bytes]]
    error: Callable[[Reply], dict[str, Any]]
    stream_type: str = "text/event-stream"


def form_of(path: str) -> Form | None:
    """The form spoken at this path of a server."""
    return next((form for end, form in _FORMS.items() if path.endswith(end)), None)


def _event(data: dict[str, Any], name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def _openai_usage(reply: Reply) -> dict[str, Any]:
    return {
        "prompt_tokens": reply.tokens_in,
        "completion_tokens": reply.tokens_out,
        "total_tokens": reply.tokens_in + reply.tokens_out,
        "prompt_tokens_details": {"cached_tokens": reply.tokens_cached},
    }


def _openai_body(reply: Reply, model: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text}
    if reply.refusal is not None:
        message = {"role": "assistant", "content": None, "refusal": reply.refusal}
    return {
        "id": "scripted",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "finish_reason": reply.finish, "message": message}],
        "usage": _openai_usage(reply),
    }


def _openai_stream(reply: Reply, model: str) -> Iterator[bytes]:
    head = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": model}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        return _event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    if reply.thinking:
        yield chunk({"role": "assistant", "reasoning_content": reply.thinking})
    for piece in reply.pieces:
        yield chunk({"role": "assistant", "content": piece})
    yield chunk({} if reply.refusal is None else {"refusal": reply.refusal}, reply.finish)
    yield _event({**head, "choices": [], "usage": _openai_usage(reply)})
    yield b"data: [DONE]\n\n"


def _openai_error(reply: Reply) -> dict[str, Any]:
    return {"error": {"message": reply.text or "scripted failure", "type": "scripted"}}


_ANTHROPIC_ENDS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


def _anthropic_usage(reply: Reply) -> dict[str, int]:
    return {
        "input_tokens": reply.tokens_in - reply.tokens_cached - reply.tokens_cache_written,
        "cache_read_input_tokens": reply.tokens_cached,
        "cache_creation_input_tokens": reply.tokens_cache_written,
        "output_tokens": reply.tokens_out,
    }


def _anthropic_body(reply: Reply, model: str) -> dict[str, Any]:
    return {
        "id": "scripted",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": reply.text}] if reply.text else [],
        "stop_reason": _ANTHROPIC_ENDS[reply.finish],
        "stop_sequence": None,
        "usage": _anthropic_usage(reply),
    }


def _anthropic_stream(reply: Reply, model: str) -> Iterator[bytes]:
    def event(name: str, **data: Any) -> bytes:
        return _event({"type": name, **data}, name)

    start = {**_anthropic_body(reply, model), "content": [], "stop_reason": None}
    start["usage"] = {**_anthropic_usage(reply), "output_tokens": 1}
    yield event("message_start", message=start)
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for piece in reply.pieces:
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield event("content_block_stop", index=0)
    yield event(
        "message_delta",
        delta={"stop_reason": _ANTHROPIC_ENDS[reply.finish], "stop_sequence": None},
        usage={"output_tokens": reply.tokens_out},
    )
    yield event("message_stop")


def _anthropic_error(reply: Reply) -> dict[str, Any]:
    kind = {429: "rate_limit_error", 400: "invalid_request_error"}.get(reply.status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": reply.text or "scripted failure"}}


def _ollama_body(reply: Reply, model: str) -> dict[str, Any]:
    return {
        "model": model,
        "created_at": "2026-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": reply.text},
        "done": True,
        "done_reason": reply.finish,
        "prompt_eval_count": reply.tokens_in,
        "eval_count": reply.tokens_out,
    }


def _ollama_stream(reply: Reply, model: str) -> Iterator[bytes]:
    head = {"model": model, "created_at": "2026-01-01T00:00:00Z", "done": False}
    for piece in reply.pieces:
        message = {"role": "assistant", "content": piece}
        yield json.dumps({**head, "message": message}).encode() + b"\n"
    last = _ollama_body(reply, model) | {"message": {"role": "assistant", "content": ""}}
    yield json.dumps(last).encode() + b"\n"


def _ollama_error(reply: Reply) -> dict[str, Any]:
    return {"error": reply.text or "scripted failure"}


_FORMS = {
    "/chat/completions": Form(_openai_body, _openai_stream, _openai_error),
    "/v1/messages": Form(_anthropic_body, _anthropic_stream, _anthropic_error),
    "/api/chat": Form(_ollama_body, _ollama_stream, _ollama_error, "application/x-ndjson"),
}
