"""Which models answer: those the settings name, or the extractive ones that need none."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from rlm_crystal.home import cache_folder

from rlm_server.redaction import RedactingModel
from rlm_server.settings import EXTRACTIVE, Operator, Settings, backend_named

if TYPE_CHECKING:
    from rlm_engine.limits import RunLimits
    from rlm_engine.model import Completion, Message, Model
    from rlm_engine.models.settings import Tier
    from rlm_engine.precautions import Precautions
    from rlm_engine.say import Say
    from rlm_engine.usage import ModelUsage
    from rlm_sandbox.redact import Redaction


def models_for(
    settings: Settings, environ: Mapping[str, str], say: "Say | None" = None
) -> "tuple[Model, Model]":
    """Return the root's and the sub-calls' model; ModelNotConfigured says what is missing.

    `say` is told how the root's replies come along while they are written. May wait for the
    system's keyring, so call it in a thread.
    """
    from rlm_engine.extractive import ExtractiveReader, ExtractiveRoot

    root, sub = settings.model, settings.sub_model
    return (
        ExtractiveRoot() if root == EXTRACTIVE else _hosted(root, environ, settings, say=say),
        ExtractiveReader() if sub == EXTRACTIVE else _hosted(sub, environ, settings, tier="sub"),
    )


def summarising_model(settings: Settings, environ: Mapping[str, str]) -> "Model":
    """Return the sub-model; ModelNotConfigured without."""
    return _hosted(settings.sub_model, environ, settings, tier="sub")


def troubles_of(models: Settings | Operator, environ: Mapping[str, str]) -> "list[tuple[str, str]]":
    """Return why the root's or the sub-calls' model cannot be asked, each with its fix.

    Asks no model, but may wait for the system's keyring.
    """
    tiers: dict[str, Tier] = {models.sub_model: "sub", models.model: "root"}
    found = [
        _trouble_with(name, environ, tier) for name, tier in tiers.items() if name != EXTRACTIVE
    ]
    return [trouble for trouble in found if trouble is not None]


def _trouble_with(model: str, environ: Mapping[str, str], tier: "Tier") -> "tuple[str, str] | None":
    from rlm_engine.errors import ModelNotConfigured
    from rlm_engine.models.openai_form import speaks_openai
    from rlm_engine.models.settings import settings_of

    try:
        settings = settings_of(model, environ, tier=tier)
    except (ModelNotConfigured, ValueError) as error:
        return str(error), "Set what is named; docs/models.md has the line for each provider."
    if speaks_openai(settings) or find_spec("litellm") is not None:
        return None
    return f"{model} needs the package litellm", "pip install 'rlm-mcp[litellm]'"


def limits_for(settings: Settings) -> "RunLimits":
    """Return the bounds of one question."""
    from rlm_engine.limits import RunLimits

    return RunLimits(
        max_iterations=settings.max_iterations,
        max_depth=settings.max_depth,
        max_cost_usd=settings.max_cost_usd,
        max_subcalls=settings.max_subcalls,
        max_seconds=settings.max_seconds,
    )


def precautions_for(settings: Settings, environ: Mapping[str, str]) -> "Precautions":
    """Return what holds for the code of a question, and what must not leave."""
    from rlm_engine.precautions import Precautions
    from rlm_sandbox.code_rules import CodeRules

    rules = CodeRules(settings.code_profile, settings.modules)
    return Precautions(
        rules,
        redaction_of(settings),
        backend_named(environ),
        cache_folder(environ),
        settings.route,
    )


def redaction_of(settings: Settings) -> "Redaction":
    """Return what is taken out besides the built-in shapes of secrets."""
    from rlm_sandbox.redact import Redaction

    return Redaction(settings.redact_emails, settings.patterns)


class MeteredModel:
    """A model for one tool call: held to the budget of a question, and written down."""

    def __init__(
        self,
        model: "Model",
        limits: "RunLimits",
        on_call: "Callable[[str, ModelUsage], Awaitable[None]]",
    ) -> None:
        from rlm_engine.budget import Budget

        self._model = model
        self._budget = Budget(limits)
        self._on_call = on_call

    @property
    def name(self) -> str:
        """The model's own name."""
        return self._model.name

    async def complete(self, messages: "Sequence[Message]", *, max_tokens: int) -> "Completion":
        """Ask the model; BudgetExceeded when the worst case would pass the budget."""
        from rlm_engine.scheduler import worst_of
        from rlm_engine.usage import one_call

        self._budget.count_subcall()
        async with self._budget.hold(worst_of(self._model, messages, max_tokens)) as hold:
            completion = await self._model.complete(messages, max_tokens=max_tokens)
            hold.add(completion)
        await self._on_call(self.name, one_call(hold.used))
        return completion

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:
        """The most this call can cost."""
        return self._model.worst_case_usd(tokens_in, tokens_out)


def _hosted(
    name: str,
    environ: Mapping[str, str],
    settings: Settings,
    *,
    tier: "Tier" = "root",
    say: "Say | None" = None,
) -> "Model":
    from rlm_engine.models.litellm_model import model_named

    return RedactingModel(model_named(name, environ, tier=tier, say=say), redaction_of(settings))
