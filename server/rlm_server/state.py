"""What the service owns: one immutable value, replaced by its mailbox and by nobody else."""

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from rlm_server.cooldown import Cooldown
from rlm_server.settings import Operator, SettingsBook

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal
    from rlm_engine.answer import Answer
    from rlm_engine.limits import Spent
    from rlm_engine.model import Completion


@dataclass(frozen=True, slots=True)
class Tally:
    """What this process did since it started."""

    calls: MappingProxyType[str, int] = field(default_factory=lambda: MappingProxyType({}))
    errors: int = 0
    questions: int = 0
    subcalls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
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
        """One question more."""
        return replace(
            self,
            questions=self.questions + 1,
            subcalls=self.subcalls + answer.subcalls,
            tokens_in=self.tokens_in + answer.tokens_in,
            tokens_out=self.tokens_out + answer.tokens_out,
            cost_usd=self.cost_usd + answer.cost_usd,
        )

    def with_spent(self, spent: "Spent") -> "Tally":
        """What the summaries of one full index took."""
        return replace(
            self,
            subcalls=self.subcalls + spent.subcalls,
            tokens_in=self.tokens_in + spent.tokens_in,
            tokens_out=self.tokens_out + spent.tokens_out,
            cost_usd=self.cost_usd + spent.cost_usd,
        )

    def with_completion(self, completion: "Completion") -> "Tally":
        """One model call more that a tool made by itself."""
        return replace(
            self,
            subcalls=self.subcalls + 1,
            tokens_in=self.tokens_in + completion.tokens_in,
            tokens_out=self.tokens_out + completion.tokens_out,
            cost_usd=self.cost_usd + completion.cost_usd,
        )


@dataclass(frozen=True, slots=True)
class State:
    """The crystal served (None before the first), the settings, the limiter and the tally."""

    crystal: "Crystal | None" = None
    book: SettingsBook = field(default_factory=lambda: SettingsBook(Operator(), {}))
    full_reindex: Cooldown = field(default_factory=Cooldown)
    tally: Tally = field(default_factory=Tally)
