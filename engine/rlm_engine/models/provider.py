"""The providers that can be named in one line of settings, and what each needs.

`PROVIDERS` is keyed by the word before the slash in `RLM_MODEL`. litellm knows some hundred more;
those in `_ALSO` are handed to it as they are named, and it reads their keys itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, Literal

from rlm_engine.errors import ModelNotConfigured

Path = Literal["as given", "/v1", "none"]
"""What an address without a path is completed to: nothing, `/v1`, or stripped of a `/v1`."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.

    `prefix` is litellm's word for it and `keys` the variables that may hold its key, the first
    the usual one. `local` servers need no key and cost nothing; `url` is where one listens,
    `url_variables` hold it too, `start` says how it is started. `package` is what litellm needs
    besides itself, as import name and as pip requirement. `needs` are variables that must be set;
    with one of `instead` no key is needed.
    """

    prefix: str
    keys: tuple[str, ...] = ()
    url: str | None = None
    url_variables: tuple[str, ...] = ()
    path: Path = "as given"
    start: str = ""
    package: tuple[str, str] | None = None
    needs: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether it runs on a machine of the user's own."""
        return bool(self.start)


_OLLAMA: Final = Provider(
    "ollama_chat",
    url="http://127.0.0.1:11434",
    url_variables=("OLLAMA_API_BASE", "OLLAMA_HOST"),
    path="none",
    start="ollama serve",
)
_GEMINI: Final = Provider("gemini", ("GEMINI_API_KEY", "GOOGLE_API_KEY"))
_TOGETHER: Final = Provider("together_ai", ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY"))
_FIREWORKS: Final = Provider("fireworks_ai", ("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY"))
_VERTEX: Final = Provider(
    "vertex_ai", package=("google.auth", "google-auth"), needs=("VERTEXAI_PROJECT",)
)
_VLLM: Final = Provider(
    "hosted_vllm", url="http://127.0.0.1:8000/v1", path="/v1", start="vllm serve MODEL"
)
_LM_STUDIO: Final = Provider(
    "lm_studio", url="http://127.0.0.1:1234/v1", path="/v1", start="lms server start"
)

PROVIDERS: Final[Mapping[str, Provider]] = MappingProxyType(
    {
        "openai": Provider("openai", ("OPENAI_API_KEY",), path="/v1"),
        "anthropic": Provider("anthropic", ("ANTHROPIC_API_KEY",), path="none"),
        "gemini": _GEMINI,
        "google": _GEMINI,
        "mistral": Provider("mistral", ("MISTRAL_API_KEY",), path="/v1"),
        "groq": Provider("groq", ("GROQ_API_KEY",)),
        "together": _TOGETHER,
        "together_ai": _TOGETHER,
        "fireworks": _FIREWORKS,
        "fireworks_ai": _FIREWORKS,
        "azure": Provider(
            "azure",
            ("AZURE_API_KEY", "AZURE_OPENAI_API_KEY"),
            url_variables=("AZURE_API_BASE",),
            instead=("AZURE_AD_TOKEN", "AZURE_CLIENT_ID"),
        ),
        "bedrock": Provider("bedrock", package=("boto3", "boto3")),
        "vertex": _VERTEX,
        "vertex_ai": _VERTEX,
        "xai": Provider("xai", ("XAI_API_KEY",), path="/v1"),
        "deepseek": Provider("deepseek", ("DEEPSEEK_API_KEY",)),
        "openrouter": Provider("openrouter", ("OPENROUTER_API_KEY",)),
        "ollama": _OLLAMA,
        "ollama_chat": _OLLAMA,
        "vllm": _VLLM,
        "hosted_vllm": _VLLM,
        # llama.cpp's own server speaks OpenAI's form.
        "llamacpp": Provider(
            "openai",
            url="http://127.0.0.1:8080/v1",
            path="/v1",
            start="llama-server -m MODEL.gguf",
        ),
        "lmstudio": _LM_STUDIO,
        "lm_studio": _LM_STUDIO,
    }
)
COMPATIBLE: Final = Provider("openai", path="/v1")
"""Whatever speaks OpenAI's form at an address that was given; no key but RLM_MODEL_KEY is sent."""

_ALSO: Final = frozenset(
    {
        "azure_ai", "cerebras", "cohere", "cohere_chat", "databricks", "deepinfra", "github",
        "github_copilot", "huggingface", "litellm_proxy", "llamafile", "meta_llama", "moonshot",
        "nebius", "novita", "nvidia_nim", "perplexity", "replicate", "sagemaker", "sambanova",
        "watsonx",
    }
)  # fmt: skip
# litellm takes these names without a provider.
_BARE: Final = {
    "gpt-": "openai", "chatgpt-": "openai", "o1": "openai", "o3": "openai", "o4": "openai",
    "claude-": "anthropic", "gemini-": "gemini", "mistral-": "mistral", "grok-": "xai",
    "deepseek-": "deepseek",
}  # fmt: skip


def provider_of(model: str, *, at_url: bool) -> tuple[Provider, str]:
    """The provider that `model` names, and the model's name there.

    `at_url`: an address was given, so a name without a known provider is one of whatever speaks
    OpenAI's form there. ModelNotConfigured where nobody is named.
    """
    word, slash, name = model.partition("/")
    if slash and not name:
        raise ModelNotConfigured(f"RLM_MODEL is {model!r}; a model's name follows the slash")
    if slash and word in PROVIDERS:
        return PROVIDERS[word], name
    if slash and word in _ALSO:
        return Provider(word), name
    if at_url:
        return COMPATIBLE, model
    for beginning, provider in _BARE.items():
        if not slash and model.startswith(beginning):
            return PROVIDERS[provider], model
    raise ModelNotConfigured(_unknown(model, word if slash else ""))


def _unknown(model: str, word: str) -> str:
    near = get_close_matches(word or model, [*PROVIDERS, *_ALSO], n=1)
    if near:
        rest = model.partition("/")[2] or "MODEL"
        said = f"did you mean {near[0]}/{rest}?"
    else:
        said = "write it as provider/name, for instance openai/gpt-5-mini or ollama/qwen3."
    return (
        f"RLM_MODEL is {model!r}, and no provider is known by that: {said} Providers: "
        f"{', '.join(PROVIDERS)}. For any other server that speaks OpenAI's form set RLM_MODEL_URL."
    )
