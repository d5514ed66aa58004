"""A recorded run as OpenTelemetry spans: one for each run, turn, call to a model and cell of code.

Names and attributes are those of the semantic conventions for generative AI (gen_ai.*, 1.37 and
later, still in development there); what they have no name for is `rlm.*`. A span holds names of
models, figures and how things ended: no question, prompt, code, output or path.

Spans go to the SDK's provider of this process where somebody set one. Where they are wanted and
nobody did, one is made that sends to the collector that the OTEL_* variables name. Else nothing
happens and nothing is imported.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rlm_engine.collector import flush, provider_made, provider_set
from rlm_engine.recorded import Cell, Recorded, RecordedRun, Span, SubCall, Took, Turn

if TYPE_CHECKING:
    from opentelemetry.trace import Span as Written
    from opentelemetry.trace import SpanKind, Tracer

    Attributes = Mapping[str, str | int | float | bool]

AGENT: Final = "rlm-mcp"
# What litellm calls a provider, where the conventions have another name for it.
_PROVIDERS: Final = {
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "vertex_ai": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
}


def listened_to(*, wanted: bool) -> bool:
    """Whether spans would go anywhere; what they are made of need not be read where not."""
    return wanted or provider_set() is not None


def send_spans(trace: Recorded, *, wanted: bool) -> bool:
    """Send the spans of a run; whether there was somebody to send them to.

    SpansUnavailable where they are `wanted` and their package is missing.
    """
    others = provider_set()
    provider = provider_made(AGENT) if others is None and wanted else others
    if provider is None or trace.run is None or not trace.started:
        return False
    _Writer(provider.get_tracer(AGENT), trace).run(trace.run)
    if provider is not others:
        flush(provider)
    return True


def provider_name(model: str) -> str:
    """The provider of a model as the conventions name it."""
    prefix = model.partition("/")[0]
    return _PROVIDERS.get(prefix, prefix) or "unknown"


class _Writer:
    """Writes spans with the times of the record; each becomes the parent of those within it."""

    def __init__(self, tracer: "Tracer", trace: Recorded) -> None:
        self._tracer = tracer
        self._trace = trace
        self._began_s = datetime.fromisoformat(trace.started).timestamp()

    def run(self, run: RecordedRun, parent: "Written | None" = None) -> None:
        from opentelemetry.trace import SpanKind

        trace = self._trace
        attributes: dict[str, str | int | float | bool] = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": AGENT,
            **_model(trace.provider),
            "rlm.trace_id": trace.trace_id,
            "rlm.depth": run.depth,
            "rlm.documents": run.documents,
        }
        error = "" if run.ended else "unfinished"
        if parent is None:
            attributes |= {**_usage(trace.took), "rlm.subcalls": trace.subcalls}
            error = trace.failure.kind if trace.failure else error
        if run.limit_hit:
            attributes["rlm.limit_hit"] = run.limit_hit
        whole = Span(run.span.begin_s, max(run.span.end_s, trace.seconds if parent is None else 0))
        written = self._begin(
            f"invoke_agent {AGENT}", SpanKind.INTERNAL, whole, attributes, parent, error
        )
        for turn in run.turns:
            self._turn(turn, written)
        if run.loose is not None:
            self._within(run.loose, written)
        self._end(written, whole)

    def _turn(self, turn: Turn, parent: "Written") -> None:
        from opentelemetry.trace import SpanKind

        ends = [turn.span.end_s, *(cell.span.end_s for cell in turn.cells)]
        whole = Span(turn.span.begin_s, max(ends))
        attributes = {"rlm.turn": turn.number}
        written = self._begin(
            f"turn {turn.number}", SpanKind.INTERNAL, whole, attributes, parent, turn.refused
        )
        if not turn.refused:
            self._chat(turn.model, turn.span, turn.took, written)
        for cell in turn.cells:
            self._cell(cell, written)
        self._end(written, whole)

    def _cell(self, cell: Cell, parent: "Written") -> None:
        from opentelemetry.trace import SpanKind

        attributes: dict[str, str | int | float | bool] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "repl",
            "gen_ai.tool.type": "function",
            "rlm.redactions": cell.redactions,
        }
        error = cell.stopped or cell.fault.partition(" ")[0].rstrip(":")
        written = self._begin(
            "execute_tool repl", SpanKind.INTERNAL, cell.span, attributes, parent, error
        )
        self._within(cell, written)
        self._end(written, cell.span)

    def _within(self, cell: Cell, parent: "Written") -> None:
        for call in cell.subcalls:
            self._subcall(call, parent)
        for deeper in cell.deeper:
            self.run(deeper, parent)

    def _subcall(self, call: SubCall, parent: "Written") -> None:
        extra = {"rlm.cached": call.cached}
        self._chat(call.model, call.span, call.took, parent, error=call.error, extra=extra)

    def _chat(
        self,
        model: str,
        span: Span,
        took: Took,
        parent: "Written",
        *,
        error: str = "",
        extra: "Attributes | None" = None,
    ) -> None:
        from opentelemetry.trace import SpanKind

        named = _model(model)
        attributes = {
            "gen_ai.operation.name": "chat",
            **named,
            **_usage(took),
            **(extra or {}),
        }
        name = f"chat {named['gen_ai.request.model']}"
        self._end(self._begin(name, SpanKind.CLIENT, span, attributes, parent, error), span)

    def _begin(
        self,
        name: str,
        kind: "SpanKind",
        span: Span,
        attributes: "Attributes",
        parent: "Written | None",
        error: str,
    ) -> "Written":
        from opentelemetry.trace import Status, StatusCode, set_span_in_context

        # Without a parent of ours the span of whoever called us is taken.
        context = None if parent is None else set_span_in_context(parent)
        begin_s = span.end_s if span.begin_s is None else span.begin_s
        written = self._tracer.start_span(
            name,
            context=context,
            kind=kind,
            attributes=dict(attributes) | ({"error.type": error} if error else {}),
            start_time=self._nanoseconds(begin_s),
        )
        if error:
            written.set_status(Status(StatusCode.ERROR))
        return written

    def _end(self, written: "Written", span: Span) -> None:
        written.end(end_time=self._nanoseconds(span.end_s))

    def _nanoseconds(self, at_s: float) -> int:
        return int((self._began_s + at_s) * 1e9)


def _model(model: str) -> dict[str, str | int | float | bool]:
    _, slash, rest = model.partition("/")
    return {
        "gen_ai.provider.name": provider_name(model),
        "gen_ai.request.model": rest if slash else model,
    }


def _usage(took: Took) -> dict[str, str | int | float | bool]:
    return {
        "gen_ai.usage.input_tokens": took.tokens_in,
        "gen_ai.usage.output_tokens": took.tokens_out,
        "rlm.cost_usd": took.cost_usd,
    }
