import pytest
from rlm_engine.errors import ModelNotConfigured
from rlm_engine.models.provider import PROVIDERS
from rlm_engine.models.settings import ModelSettings, settings_from_environ, settings_of


def nothing_stored(_: object, entry: str) -> None:
    return None


def place(settings: ModelSettings) -> tuple[str, str | None, str | None]:
    return settings.model, settings.api_base, settings.api_key


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("openai/gpt-5", "openai/gpt-5"),
        ("gpt-5", "openai/gpt-5"),
        ("claude-haiku-4-5", "anthropic/claude-haiku-4-5"),
        ("google/gemini-2.5-pro", "gemini/gemini-2.5-pro"),
        ("mistral/m", "mistral/m"),
        ("groq/m", "groq/m"),
        ("together/Qwen/Qwen3", "together_ai/Qwen/Qwen3"),
        ("fireworks/accounts/f/models/m", "fireworks_ai/accounts/f/models/m"),
        ("xai/grok-4", "xai/grok-4"),
    ],
)
def test_a_hosted_model_takes_a_name_and_the_key_of_its_provider(model: str, expected: str):
    key = PROVIDERS[expected.partition("/")[0]].keys[-1]
    settings = settings_of(model, {key: "a key"}, stored_key=nothing_stored)
    assert place(settings) == (expected, None, "a key")
    assert (settings.shown, "a key" in repr(settings)) == (model, False)


@pytest.mark.parametrize(
    ("model", "expected", "url"),
    [
        ("ollama/qwen3", "ollama_chat/qwen3", "http://127.0.0.1:11434"),
        ("vllm/Qwen/Qwen3", "hosted_vllm/Qwen/Qwen3", "http://127.0.0.1:8000/v1"),
        ("llamacpp/any", "openai/any", "http://127.0.0.1:8080/v1"),
        ("lmstudio/m", "lm_studio/m", "http://127.0.0.1:1234/v1"),
    ],
)
def test_a_local_model_takes_a_name_alone(model: str, expected: str, url: str):
    settings = settings_of(model, {"OPENAI_API_KEY": "not for it"}, stored_key=nothing_stored)
    assert (settings.model, settings.api_base) == (expected, url)
    assert settings.api_key in (None, "no-key-is-needed")
    assert settings.start


def test_cloud_accounts_bring_their_own_keys_and_say_what_is_missing():
    azure = {"AZURE_API_KEY": "k", "AZURE_API_BASE": "https://me.openai.azure.com"}
    settings = settings_of("azure/mine", azure)
    assert place(settings) == ("azure/mine", "https://me.openai.azure.com", "k")
    with pytest.raises(ModelNotConfigured, match="AZURE_API_BASE"):
        settings_of("azure/mine", {"AZURE_API_KEY": "k"})
    token = {"AZURE_AD_TOKEN": "t", "AZURE_API_BASE": "https://me.openai.azure.com"}
    assert settings_of("azure/mine", token).api_key is None


@pytest.mark.parametrize("model", ["bedrock/m", "vertex/m"])
def test_a_cloud_whose_package_is_missing_says_how_to_install_it(
    model: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rlm_engine.models.settings.find_spec", lambda _: None)
    with pytest.raises(ModelNotConfigured, match="pip install"):
        settings_of(model, {"VERTEXAI_PROJECT": "p"})


def test_a_cloud_whose_package_is_there_needs_no_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rlm_engine.models.settings.find_spec", lambda _: object())
    assert place(settings_of("bedrock/m", {})) == ("bedrock/m", None, None)
    with pytest.raises(ModelNotConfigured, match="VERTEXAI_PROJECT"):
        settings_of("vertex/m", {})
    assert settings_of("vertex/m", {"VERTEXAI_PROJECT": "p"}).model == "vertex_ai/m"


def test_without_a_model_it_is_told_what_to_set():
    with pytest.raises(ModelNotConfigured, match="RLM_MODEL"):
        settings_from_environ({})


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("antropic/claude", "did you mean anthropic/claude"),
        ("qwen3", "provider/name"),
        ("openai/", "follows the slash"),
    ],
)
def test_a_name_that_is_none_is_told_with_what_would_be_one(model: str, told: str):
    with pytest.raises(ModelNotConfigured, match=told):
        settings_of(model, {})


def test_a_missing_key_is_told_by_the_name_of_its_variable():
    with pytest.raises(ModelNotConfigured, match="ANTHROPIC_API_KEY in the environment"):
        settings_of("anthropic/claude", {}, stored_key=nothing_stored)


def test_a_key_may_be_in_the_keyring():
    stored = {"ANTHROPIC_API_KEY": "kept"}
    settings = settings_of("anthropic/c", {}, stored_key=lambda _, entry: stored.get(entry))
    assert settings.api_key == "kept"


def test_a_bare_name_at_an_endpoint_is_an_openai_compatible_model_and_gets_no_key_but_its_own():
    environ = {"RLM_MODEL_URL": "http://host:9000", "OPENAI_API_KEY": "not for it"}
    settings = settings_of("meta-llama/Llama-4", environ)
    assert place(settings) == (
        "openai/meta-llama/Llama-4", "http://host:9000/v1", "no-key-is-needed",
    )  # fmt: skip
    assert settings_of("m", environ | {"RLM_MODEL_KEY": "own"}).api_key == "own"


def test_an_address_under_its_earlier_name_is_not_passed_over():
    environ = {
        "RLM_MODEL": "openai/a", "RLM_API_BASE": "http://mine:1/v1", "RLM_API_KEY": "mine",
        "OPENAI_API_KEY": "not for it",
    }  # fmt: skip
    for settings in settings_from_environ(environ):
        assert (settings.api_base, settings.api_key) == ("http://mine:1/v1", "mine")


def test_the_sub_model_is_the_root_model_unless_named():
    root, sub = settings_from_environ({"RLM_MODEL": "ollama/a", "RLM_MODEL_URL": "http://h:1/v1"})
    assert root == sub
    assert root.api_base == "http://h:1"


def test_what_is_given_for_one_provider_is_not_sent_to_another():
    environ = {
        "RLM_MODEL": "openai/a", "RLM_MODEL_URL": "http://proxy:1", "RLM_MODEL_KEY": "root's",
        "RLM_SUB_MODEL": "ollama/b",
    }  # fmt: skip
    root, sub = settings_from_environ(environ)
    assert place(root) == ("openai/a", "http://proxy:1/v1", "root's")
    assert place(sub) == ("ollama_chat/b", "http://127.0.0.1:11434", None)
    environ |= {"RLM_SUB_MODEL_URL": "box:11434", "RLM_SUB_MODEL_KEY": "sub's"}
    assert place(settings_from_environ(environ)[1]) == (
        "ollama_chat/b", "http://box:11434", "sub's",
    )  # fmt: skip


def test_a_user_and_password_of_an_address_are_sent_as_a_header_only():
    settings = settings_of("ollama/m", {"RLM_MODEL_URL": "http://me:p%40ss@box:1"})
    arguments = settings.call_arguments()
    assert arguments["api_base"] == "http://box:1"
    assert arguments["extra_headers"] == {"Authorization": "Basic bWU6cEBzcw=="}


def test_an_address_may_come_without_scheme_and_port():
    assert settings_of("ollama/m", {"OLLAMA_HOST": "box"}).api_base == "http://box:11434"


@pytest.mark.parametrize("text", ["x", "0", "-1", "nan", "inf"])
def test_a_time_out_that_is_no_time_is_refused(text: str):
    with pytest.raises(ValueError, match="RLM_REPLY_TIMEOUT"):
        settings_from_environ({"RLM_MODEL": "ollama/m", "RLM_REPLY_TIMEOUT": text})
