"""Which model to speak to, where, and with what patience. Read from the environment only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rlm_engine.errors import ModelNotConfigured
from rlm_engine.json_value import JsonObject

# Prefixes that tell litellm how to speak to an endpoint; any other name at RLM_API_BASE is taken
# for a model behind an OpenAI-compatible server ("meta-llama/Llama-3" on vLLM).
_PROVIDERS = frozenset(
    {
        "anthropic", "azure", "azure_ai", "bedrock", "cohere", "deepseek", "fireworks_ai", "gemini",
        "groq", "hosted_vllm", "huggingface", "litellm_proxy", "llamafile", "lm_studio", "mistral",
        "nvidia_nim", "ollama", "ollama_chat", "openai", "openrouter", "perplexity", "sagemaker",
        "together_ai", "vertex_ai", "vllm", "xai",
    }
)  # fmt: skip
_KEYLESS = "no-key-is-needed"
_REPLY_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """One model. The key is never shown; without one litellm takes the provider's own variable."""

    model: str
    api_base: str | None = None
    api_key: str | None = field(default=None, repr=False)
    connect_timeout_s: float = 10.0
    reply_timeout_s: float = _REPLY_TIMEOUT_S

    def call_arguments(self) -> JsonObject:
        """What every call to litellm says besides its messages."""
        arguments: JsonObject = {"model": self.model, "max_retries": 0, "num_retries": 0}
        if self.api_base is not None:
            arguments["api_base"] = self.api_base
        if self.api_key is not None:
            arguments["api_key"] = self.api_key
        return arguments


def settings_from_environ(environ: Mapping[str, str]) -> tuple[ModelSettings, ModelSettings]:
    """The root's and the sub-calls' model.

    Read from RLM_MODEL, RLM_SUB_MODEL (default: the same),
    RLM_API_BASE, RLM_API_KEY and RLM_REPLY_TIMEOUT (seconds, default 120).

    ModelNotConfigured without RLM_MODEL; ValueError if the time-out is not a number above 0.
    """
    root = environ.get("RLM_MODEL", "").strip()
    if not root:
        raise ModelNotConfigured(
            "no model is configured: set RLM_MODEL, for instance to openai/gpt-5-mini or "
            "ollama_chat/qwen3, and the key of its provider in the environment"
        )
    sub = environ.get("RLM_SUB_MODEL", "").strip() or root
    return _settings(root, environ), _settings(sub, environ)


def _settings(model: str, environ: Mapping[str, str]) -> ModelSettings:
    api_base = environ.get("RLM_API_BASE", "").strip() or None
    api_key = environ.get("RLM_API_KEY", "").strip() or None
    reply_timeout_s = _reply_timeout_s(environ.get("RLM_REPLY_TIMEOUT", "").strip())
    if api_base is None:
        return ModelSettings(model, None, api_key, reply_timeout_s=reply_timeout_s)
    if model.partition("/")[0] not in _PROVIDERS or "/" not in model:
        model = f"openai/{model}"
    if model.startswith("openai/") and not environ.get("OPENAI_API_KEY"):
        api_key = api_key or _KEYLESS
    return ModelSettings(model, api_base, api_key, reply_timeout_s=reply_timeout_s)


def _reply_timeout_s(text: str) -> float:
    try:
        seconds = float(text) if text else _REPLY_TIMEOUT_S
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError(f"RLM_REPLY_TIMEOUT must be a number of seconds above 0, not {text!r}")
    return seconds
