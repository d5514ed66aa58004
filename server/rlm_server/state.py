"""What the service owns: one immutable value, replaced by its mailbox and by nobody else."""

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from rlm_server.cooldown import Cooldown
from rlm_server.settings import Operator, SettingsBook

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal
    from rlm_engine.answer import Answer
    from rlm_engine.usage import Usage


@dataclass(frozen=True, slots=True)
class Tally:
    """What this process did since it started; `models` hold what failed questions took as well."""

    calls: MappingProxyType[str, int] = field(default_factory=lambda: MappingProxyType({}))
    errors: int = 0
    questions: int = 0
    asked_s: float = 0.0
    depth: int = 0
    models: "Usage" = field(default_factory=lambda: MappingProxyType({}))
    refreshes: int = 0
    rebuilds: int = 0

    def with_call(self, tool: str, *, failed: bool) -> "Tally":
        """One call of a tool more."""
        calls = MappingProxyType({**self.calls, tool: self.calls.get(tool, 0) + 1})
        return replace(self, calls=calls, errors=self.errors + failed)

    def with_refresh(self) -> "Tally":
        """One more crystal made by a look at what changed."""
        return replace(self, refreshes=self.refreshes + 1)

    def with_rebuild(self) -> "Tally":
        """One more crystal opened or built whole."""
        return replace(self, rebuilds=self.rebuilds + 1)

    def with_answer(self, answer: "Answer") -> "Tally":
        """One question more that was answered."""
        return replace(
            self,
            questions=self.questions + 1,
            asked_s=self.asked_s + answer.seconds,
            depth=max(self.depth, answer.depth),
        )

    def with_usage(self, usage: "Usage") -> "Tally":
        """What models took more."""
        from rlm_engine.usage import together

        return replace(self, models=MappingProxyType(together(self.models, usage)))


@dataclass(frozen=True, slots=True)
class State:
    """The crystal served (None before the first), the settings, the limiter and the tally."""

    crystal: "Crystal | None" = None
    book: SettingsBook = field(default_factory=lambda: SettingsBook(Operator(), {}))
    full_reindex: Cooldown = field(default_factory=Cooldown)
    tally: Tally = field(default_factory=Tally)
