"""The settings: typed, checked, and changed only in ways that do not lower security.

Two hands set them. The operator speaks through the environment of the process: which models may be
used, how much a question may cost. A tool call speaks for a model that may have read hostile text,
so it can choose within those bounds and never widen them: the rules for code and redaction it can
make stricter only. Roots, the sandbox and keys are no settings at all. Only what was changed is
stored, sealed; nothing is ever read from the workspace.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rlm_crystal.types import STATIC
from rlm_crystal.vault import Vault
from rlm_tools.host import Scalar, Setting

from rlm_server.errors import SettingRefused, SettingsDamaged
from rlm_server.memory_reach import MemoryReach
from rlm_server.wrong_values import told_wrong

if TYPE_CHECKING:
    from rlm_engine.precautions import RoutePreference
    from rlm_sandbox.backend import BackendName
    from rlm_sandbox.code_rules import Profile

EXTRACTIVE = "extractive"
RESET = "default"
_RECORD = "settings"
_DAYS_MAX = 36_500
_OPERATORS = {
    "redact": "RLM_REDACT", "embedder": "RLM_EMBEDDER", "summary_usd": "RLM_SUMMARY_USD",
    "code_modules": "RLM_CODE_MODULES",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recording:
    """What is kept of a run, and for how long.

    `RLM_TRACE_PROMPTS` is `hash` or `full`, `RLM_TRACE_DAYS` a number of days; with `RLM_SPANS`
    its spans are sent to the collector that the variables of OpenTelemetry name.
    """

    prompts: bool = False
    days: int = 90
    spans: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Recording":
        """SettingRefused for what is none of these."""
        return cls(_prompts_kept(environ), _trace_days(environ), _switch(environ, "RLM_SPANS"))


@dataclass(frozen=True, slots=True)
class Operator:
    """What the person who starts the process allows, from its environment.

    `RLM_MODEL` and `RLM_SUB_MODEL` name the models in use, `RLM_MODELS` (comma separated) more that
    a call may choose; `RLM_MAX_COST_USD` is the ceiling of one question, default 1. `RLM_REDACT`
    holds regular expressions, one a line; they say what must not leave, so no call sets them.
    `RLM_EMBEDDER` is `static`, `minilm` or a model of this machine; loading one runs its code.
    `RLM_SUMMARY_USD` lets each full index spend so much on summaries by the sub-model, default 0:
    none are asked for. It sends text of the corpus without being asked a question, so no call sets
    it. `RLM_CODE_PROFILE` is `standard` or `strict` and `RLM_CODE_MODULES` (comma separated) names
    modules that code of a run may import besides the usual ones. `RLM_REDACT_EMAILS` takes e-mail
    addresses out as well. `RLM_ROUTE` is `auto` or `loop`: whether small corpora and look-ups may
    be answered from one prompt that holds their text. `RLM_SANDBOX` is `kernel` or `wasm`; default:
    the system's own.
    """

    model: str = EXTRACTIVE
    sub_model: str = EXTRACTIVE
    models: frozenset[str] = frozenset()
    cost_ceiling_usd: float = 1.0
    redact: str = ""
    embedder: str = STATIC
    summary_usd: float = 0.0
    code_profile: "Profile" = "standard"
    code_modules: str = ""
    redact_emails: bool = False
    sandbox: "BackendName | None" = None
    recording: Recording = Recording()
    route: "RoutePreference" = "auto"
    memory: MemoryReach = field(default_factory=MemoryReach)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Operator":
        """SettingRefused for what cannot be: a ceiling that is no number, a pattern, a module."""
        model = environ.get("RLM_MODEL", "").strip() or EXTRACTIVE
        sub_model = environ.get("RLM_SUB_MODEL", "").strip() or model
        named = {name.strip() for name in environ.get("RLM_MODELS", "").split(",")}
        return cls(
            model=model,
            sub_model=sub_model,
            models=frozenset(named | {model, sub_model, EXTRACTIVE}) - {""},
            cost_ceiling_usd=_dollars(environ, "RLM_MAX_COST_USD", 1.0),
            redact=_patterns(environ.get("RLM_REDACT", "")),
            embedder=environ.get("RLM_EMBEDDER", "").strip() or STATIC,
            summary_usd=_dollars(environ, "RLM_SUMMARY_USD", 0.0),
            code_profile=_profile(environ.get("RLM_CODE_PROFILE", "")),
            code_modules=_modules(environ.get("RLM_CODE_MODULES", "")),
            redact_emails=_switch(environ, "RLM_REDACT_EMAILS"),
            sandbox=backend_named(environ),
            recording=Recording.from_environ(environ),
            route=_route(environ.get("RLM_ROUTE", "")),
            memory=MemoryReach.from_environ(
                environ, summary_usd=_dollars(environ, "RLM_MEMORY_USD", 0.0)
            ),
        )

    def with_model(self, model: str) -> "Operator":
        """The same with another model for everything."""
        return replace(self, model=model, sub_model=model, models=self.models | {model})


class Settings(BaseModel):
    """All settings, with the bounds that hold for everyone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Annotated[str, Field(description="model that writes the code of a run")] = EXTRACTIVE
    sub_model: Annotated[str, Field(description="model that reads for it")] = EXTRACTIVE
    max_cost_usd: Annotated[float, Field(ge=0, le=1_000, description="per question")] = 1.0
    max_iterations: Annotated[int, Field(ge=1, le=100, description="turns per question")] = 20
    max_depth: Annotated[int, Field(ge=0, le=3, description="levels of deeper runs")] = 1
    max_subcalls: Annotated[int, Field(ge=0, le=5_000, description="per question")] = 200
    max_seconds: Annotated[int, Field(ge=5, le=3_600, description="per question")] = 600
    watch: Annotated[bool, Field(description="follow changes on disk as they happen")] = True
    remember: Annotated[bool, Field(description="keep questions and answers in memory")] = True
    redact: Annotated[
        str, Field(max_length=10_000, description="regular expressions to redact, one a line")
    ] = ""
    embedder: Annotated[str, Field(description="what makes vectors of texts")] = STATIC
    summary_usd: Annotated[
        float, Field(ge=0, le=1_000, description="for the sub-model's summaries, each full index")
    ] = 0.0
    code_profile: Annotated[
        Literal["standard", "strict"], Field(description="rules for the code of a run")
    ] = "standard"
    code_modules: Annotated[
        str, Field(max_length=1_000, description="modules it may import besides the usual ones")
    ] = ""
    redact_emails: Annotated[bool, Field(description="take e-mail addresses out as well")] = False
    route: Annotated[
        Literal["auto", "loop"],
        Field(description="auto: small corpora and look-ups in one prompt; loop: never"),
    ] = "auto"

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that code may import besides the usual ones."""
        return _listed(self.code_modules)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The redaction patterns besides the built-in ones."""
        return tuple(pattern for pattern in self.redact.splitlines() if pattern)


@dataclass(frozen=True, slots=True)
class SettingsBook:
    """The settings in force: the operator's defaults and what was changed over them."""

    operator: Operator
    changed: Mapping[str, Scalar]

    @property
    def settings(self) -> Settings:
        """The values in force; a stored one that the operator no longer allows is not."""
        allowed = {
            key: value
            for key, value in self.changed.items()
            if not _widening(self.operator, key, value)
        }
        return Settings.model_validate(self._defaults().model_dump() | allowed)

    def change(self, key: str, value: str) -> "SettingsBook":
        """Return the book with one setting changed; `default` takes a change back.

        SettingRefused for a key or value that cannot be, and for one that a call may not set.
        """
        if key not in Settings.model_fields:
            known = ", ".join(Settings.model_fields)
            raise SettingRefused(f"There is no setting {key!r}; there are: {known}.")
        if value == RESET:
            return self.without(key)
        parsed = _parsed(self.settings, key, value)
        refusal = _widening(self.operator, key, parsed)
        if refusal:
            raise SettingRefused(refusal)
        return SettingsBook(self.operator, {**self.changed, key: parsed})

    def without(self, *keys: str) -> "SettingsBook":
        """Return the book with these changes taken back."""
        kept = {name: old for name, old in self.changed.items() if name not in keys}
        return SettingsBook(self.operator, kept)

    def listing(self) -> tuple[Setting, ...]:
        """Return every setting with its meaning and what bounds it."""
        values, defaults = self.settings.model_dump(), self._defaults().model_dump()
        return tuple(
            Setting(
                key=key,
                value=values[key],
                default=defaults[key],
                meaning=field.description or "",
                bound=self._bound(key),
            )
            for key, field in Settings.model_fields.items()
        )

    def _defaults(self) -> Settings:
        operator = self.operator
        return Settings(
            model=operator.model,
            sub_model=operator.sub_model,
            max_cost_usd=min(1.0, operator.cost_ceiling_usd),
            redact=operator.redact,
            embedder=operator.embedder,
            summary_usd=operator.summary_usd,
            code_profile=operator.code_profile,
            code_modules=operator.code_modules,
            redact_emails=operator.redact_emails,
            route=operator.route,
        )

    def _bound(self, key: str) -> str:
        match key:
            case "model" | "sub_model":
                return "one of " + ", ".join(sorted(self.operator.models))
            case "max_cost_usd":
                return f"at most {self.operator.cost_ceiling_usd:g}"
            case "redact" | "embedder" | "summary_usd" | "code_modules":
                return f"set by {_OPERATORS[key]} only"
            case "code_profile" if self.operator.code_profile == "strict":
                return "strict by RLM_CODE_PROFILE"
            case "redact_emails" if self.operator.redact_emails:
                return "on by RLM_REDACT_EMAILS"
            case "route" if self.operator.route == "loop":
                return "loop by RLM_ROUTE"
            case _:
                return ""


def load_settings(vault: Vault, operator: Operator) -> SettingsBook:
    """Read what was stored; SettingsDamaged when it cannot be understood."""
    stored = vault.get(_RECORD)
    if stored is None:
        return SettingsBook(operator, {})
    try:
        changed = json.loads(stored)
        Settings.model_validate(changed)
    except (ValueError, TypeError) as error:
        raise SettingsDamaged(
            "The stored settings cannot be understood; they may come from a later version."
            " Update rlm-mcp, or take each change back with rlm_settings."
        ) from error
    return SettingsBook(operator, changed)


def save_settings(vault: Vault, book: SettingsBook) -> None:
    """Store what was changed, sealed."""
    vault.put(_RECORD, json.dumps(dict(book.changed), sort_keys=True).encode())


def _dollars(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "")
    if not text.strip():
        return default
    try:
        dollars = float(text)
    except ValueError:
        dollars = -1.0
    if not 0 <= dollars <= 1_000:
        raise SettingRefused(f"{name} is {text!r}; give dollars from 0 to 1000.")
    return dollars


def _patterns(text: str) -> str:
    if text.strip():
        from rlm_sandbox.errors import PatternRefused
        from rlm_sandbox.redact import Redaction

        try:
            Redaction(patterns=tuple(filter(None, text.splitlines()))).redactor()
        except PatternRefused as refused:
            raise SettingRefused(f"RLM_REDACT: {refused}.") from None
    return text


def backend_named(environ: Mapping[str, str]) -> "BackendName | None":
    """The backend that runs code, None for the system's own; SettingRefused for an unknown one."""
    match environ.get("RLM_SANDBOX", "").strip():
        case "":
            return None
        case "kernel" | "wasm" as backend:
            return backend
        case other:
            raise SettingRefused(f"RLM_SANDBOX is {other!r}; give kernel or wasm.")


def _prompts_kept(environ: Mapping[str, str]) -> bool:
    match environ.get("RLM_TRACE_PROMPTS", "").strip():
        case "" | "hash":
            return False
        case "full":
            return True
        case other:
            raise SettingRefused(f"RLM_TRACE_PROMPTS is {other!r}; give hash or full.")


def _trace_days(environ: Mapping[str, str]) -> int:
    text = environ.get("RLM_TRACE_DAYS", "").strip() or "90"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _DAYS_MAX):
        raise SettingRefused(f"RLM_TRACE_DAYS is {text!r}; give days from 1 to {_DAYS_MAX}.")
    return int(text)


def _profile(text: str) -> "Profile":
    match text.strip() or "standard":
        case "standard" | "strict" as profile:
            return profile
        case other:
            raise SettingRefused(f"RLM_CODE_PROFILE is {other!r}; give standard or strict.")


def _route(text: str) -> "RoutePreference":
    match text.strip() or "auto":
        case "auto" | "loop" as route:
            return route
        case other:
            raise SettingRefused(f"RLM_ROUTE is {other!r}; give auto or loop.")


def _modules(text: str) -> str:
    names = _listed(text)
    if names:
        from rlm_sandbox.code_rules import CodeRules
        from rlm_sandbox.errors import ModuleRefused

        try:
            CodeRules(modules=names)
        except ModuleRefused as refused:
            raise SettingRefused(f"RLM_CODE_MODULES: {refused}.") from None
    return ",".join(names)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)


def _switch(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "").strip().lower()
    if text not in {"", "0", "1", "off", "on", "no", "yes", "false", "true"}:
        raise SettingRefused(f"{name} is {text!r}; give on or off.")
    return text in {"1", "on", "yes", "true"}


def _parsed(current: Settings, key: str, value: str) -> Scalar:
    try:
        changed = Settings.model_validate({**current.model_dump(), key: value})
    except ValidationError as error:
        raise SettingRefused(f"{told_wrong(error)}.") from None
    return getattr(changed, key)


def _widening(operator: Operator, key: str, value: Scalar) -> str:
    """Say why a call may not set this, or return an empty text."""
    if key in ("model", "sub_model") and value not in operator.models:
        allowed = ", ".join(sorted(operator.models))
        return (
            f"{key}={value!r} is not among the models the operator allows ({allowed});"
            " add it to RLM_MODELS in the environment of the server."
        )
    if key == "max_cost_usd" and float(value) > operator.cost_ceiling_usd:
        return (
            f"max_cost_usd={value} is above the operator's ceiling of"
            f" {operator.cost_ceiling_usd:g}; raise RLM_MAX_COST_USD in the environment."
        )
    if key == "code_profile" and value != "strict" and operator.code_profile == "strict":
        return "code_profile is strict by the operator: RLM_CODE_PROFILE in the environment."
    if key == "redact_emails" and not value and operator.redact_emails:
        return "redact_emails is on by the operator: RLM_REDACT_EMAILS in the environment."
    if key == "route" and value != "loop" and operator.route == "loop":
        return "route is loop by the operator: RLM_ROUTE in the environment."
    if key in _OPERATORS:
        return f"{key} is set by the operator: {_OPERATORS[key]} in the environment of the server."
    return ""
