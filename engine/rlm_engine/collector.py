"""Where spans go: the OpenTelemetry provider of this process, or one made for a collector.

The SDK is an extra and is imported only where somebody has imported it or asked for spans.
"""

import sys
import threading
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

from rlm_engine.errors import SpansUnavailable

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_SDK: Final = "opentelemetry.sdk.trace"
_EXPORTER: Final = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
# A collector that does not answer must not keep the answer of a question back.
_FLUSH_WITHIN_S: Final = 1.0


class Provider(Protocol):
    """What is used of the SDK's `TracerProvider`."""

    def get_tracer(self, instrumenting_module_name: str, /) -> "Tracer": ...

    def force_flush(self) -> bool: ...


def provider_set() -> Provider | None:
    """The SDK's provider that somebody set for this process."""
    if _SDK not in sys.modules:  # nobody can have set one
        return None
    from opentelemetry.trace import get_tracer_provider

    provider = get_tracer_provider()
    if not isinstance(provider, import_module(_SDK).TracerProvider):
        return None
    return cast("Provider", provider)


@lru_cache
def provider_made(service: str) -> Provider:
    """A provider that sends to the collector of OTEL_EXPORTER_OTLP_ENDPOINT; SpansUnavailable."""
    try:
        sdk, export, resources, otlp = map(
            import_module, (_SDK, f"{_SDK}.export", "opentelemetry.sdk.resources", _EXPORTER)
        )
    except ImportError as error:
        raise SpansUnavailable(
            "Spans of this run were not sent: their package is missing"
            " (pip install 'rlm-mcp[otel]', or unset RLM_SPANS)."
        ) from error
    # At exit nothing is waited for: each run is flushed, and the server has to be gone soon.
    provider = sdk.TracerProvider(
        resource=resources.Resource.create({"service.name": service}), shutdown_on_exit=False
    )
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    return provider


def flush(provider: Provider) -> None:
    """Wait a moment for the spans to be sent; the SDK itself holds no bound."""
    sending = threading.Thread(target=provider.force_flush, daemon=True)
    sending.start()
    sending.join(_FLUSH_WITHIN_S)
