"""A recorded run as spans, in the SDK's own memory; and that nothing happens without the SDK."""

import sys
from datetime import datetime
from typing import Any

import pytest
from rlm_engine.errors import SpansUnavailable
from rlm_engine.model import Message
from rlm_engine.record_reading import read_record, record_object
from rlm_engine.recorded import Recorded
from rlm_engine.scheduler import CallRecord
from rlm_engine.spans import provider_name, send_spans
from rlm_engine.trace import Trace, Tracing
from rlm_sandbox.redact import Redaction

TEXT = "a text of the corpus"
MESSAGES = (Message("user", TEXT),)


def a_trace() -> Recorded:
    """A run with a sub-call, one that failed, a deeper run, and a cell at fault."""
    trace = Trace(TEXT, Redaction(), Tracing(prompts=True))
    answered = CallRecord("a/sub", "ff", MESSAGES, TEXT, 0.25, 1, False, 10, 2, 0.5, None)
    failed = CallRecord("a/sub", "ff", MESSAGES, "", 0.5, 2, False, 0, 0, 0.0, "model_busy")
    root: dict[str, Any] = {"model": "azure/big", "text": TEXT, "tokens_in": 100, "tokens_out": 20}
    trace.begin(depth=0, question=TEXT, documents=3, begin_s=0.0)
    trace.event("root", depth=0, turn=1, begin_s=0.5, at_s=1.0, cost_usd=0.25, **root)
    trace.call(answered, at_s=1.5)
    trace.begin(depth=1, question=TEXT, documents=1, begin_s=1.5)
    trace.event("root", depth=1, turn=1, begin_s=1.5, at_s=2.0, cost_usd=0.25, **root)
    trace.call(failed, at_s=2.5)
    trace.event("code", depth=1, code=TEXT, begin_s=2.0, at_s=2.5, fault="timeout: too long")
    trace.event("limit", depth=1, turn=2, limit="cost", begin_s=2.5, at_s=2.5)
    trace.event("finish", depth=1, limit_hit="cost", answer=TEXT, at_s=2.5)
    trace.event("code", depth=0, code=TEXT, output=TEXT, begin_s=1.0, at_s=3.0)
    trace.event("finish", depth=0, limit_hit=None, answer=TEXT, at_s=3.0)
    outcome: dict[str, Any] = {
        "provider": "azure/big", "seconds": 3.5, "tokens_in": 210, "tokens_out": 42,
        "cost_usd": 1.0, "subcalls": 2,
    }  # fmt: skip
    return read_record(record_object(trace.record(outcome)))


@pytest.fixture
def finished() -> Any:
    """The exporter of the provider that is set for this process."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="no opentelemetry-sdk")
    from opentelemetry import trace
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    if not isinstance(trace.get_tracer_provider(), sdk.TracerProvider):
        trace.set_tracer_provider(sdk.TracerProvider())
    exporter = InMemorySpanExporter()
    provider: Any = trace.get_tracer_provider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


def test_runs_turns_calls_and_cells_are_spans_with_the_times_of_the_record(finished: Any) -> None:
    trace = a_trace()
    assert send_spans(trace, wanted=False)
    spans = finished.get_finished_spans()
    names = {span.context.span_id: span.name for span in spans}
    began_ns = int(datetime.fromisoformat(trace.started).timestamp() * 1e9)
    told = {
        (
            span.name,
            names.get(span.parent.span_id, "") if span.parent else "",
            round((span.start_time - began_ns) / 1e9, 2),
            round((span.end_time - began_ns) / 1e9, 2),
            span.attributes.get("error.type", ""),
        )
        for span in spans
    }
    assert told == {
        ("invoke_agent rlm-mcp", "", 0.0, 3.5, ""),
        ("turn 1", "invoke_agent rlm-mcp", 0.5, 3.0, ""),
        ("chat big", "turn 1", 0.5, 1.0, ""),
        ("execute_tool repl", "turn 1", 1.0, 3.0, ""),
        ("chat sub", "execute_tool repl", 1.25, 1.5, ""),
        ("invoke_agent rlm-mcp", "execute_tool repl", 1.5, 2.5, ""),
        ("turn 1", "invoke_agent rlm-mcp", 1.5, 2.5, ""),
        ("chat big", "turn 1", 1.5, 2.0, ""),
        ("execute_tool repl", "turn 1", 2.0, 2.5, "timeout"),
        ("chat sub", "execute_tool repl", 2.0, 2.5, "model_busy"),
        ("turn 2", "invoke_agent rlm-mcp", 2.5, 2.5, "cost"),
    }
    assert len(spans) == len(told)
    assert len({span.context.trace_id for span in spans}) == 1


def test_spans_have_the_attributes_of_the_conventions_and_no_text(finished: Any) -> None:
    send_spans(a_trace(), wanted=False)
    spans = finished.get_finished_spans()
    chat = next(span for span in spans if span.name == "chat big")
    assert dict(chat.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "azure.ai.openai",
        "gen_ai.request.model": "big",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "rlm.cost_usd": 0.25,
    }
    assert chat.kind.name == "CLIENT"
    tool = next(span for span in spans if span.name == "execute_tool repl")
    assert tool.attributes["gen_ai.operation.name"] == "execute_tool"
    assert tool.attributes["gen_ai.tool.name"] == "repl"
    whole = next(span for span in spans if span.parent is None)
    assert whole.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert whole.attributes["gen_ai.usage.input_tokens"] == 210
    assert TEXT not in "".join(span.to_json() for span in spans)


def test_a_span_of_the_caller_is_the_parent(finished: Any) -> None:
    from opentelemetry import trace

    with trace.get_tracer("caller").start_as_current_span("caller") as caller:
        send_spans(a_trace(), wanted=False)
    whole = [span for span in finished.get_finished_spans() if span.parent is not None]
    parents = {span.parent.span_id for span in whole if span.name.startswith("invoke_agent")}
    assert caller.get_span_context().span_id in parents


def test_without_the_sdk_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "opentelemetry.sdk.trace", raising=False)
    assert not send_spans(a_trace(), wanted=False)
    assert "opentelemetry.sdk.trace" not in sys.modules


def test_spans_that_are_wanted_and_cannot_be_had_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "opentelemetry.sdk.trace", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter", None)
    with pytest.raises(SpansUnavailable, match=r"pip install 'rlm-mcp\[otel\]'"):
        send_spans(a_trace(), wanted=True)


def test_providers_have_the_names_of_the_conventions() -> None:
    models = ("openai/gpt", "bedrock/x/y", "gemini/flash", "extractive", "", "ollama/a")
    assert [provider_name(model) for model in models] == [
        "openai", "aws.bedrock", "gcp.gemini", "extractive", "unknown", "ollama",
    ]  # fmt: skip
