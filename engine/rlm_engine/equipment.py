"""What a caller of `ask` keeps from one question to the next."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from rlm_engine.call_cache import CallCache
from rlm_engine.host import RecallFunction
from rlm_engine.model_table import ModelTable
from rlm_engine.retry import RetryPolicy

if TYPE_CHECKING:
    from rlm_sandbox.context import SharedContext
    from rlm_sandbox.spare import Spares


MapDocuments: TypeAlias = "Callable[[], Awaitable[SharedContext]]"
"""Maps documents, or takes a hold on what is mapped: a short answer needs none."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """All of it may be left out; a question then makes what it needs, for itself.

    `context` is the crystal's documents, kept mapped, or a function that gives a hold on them when
    the loop begins, for it to close; without it they are mapped for each question.
    `spares` makes the start of each run a short one, `cache` holds what sub-calls said before,
    `recall` asks the memory, `retry` says how patient calls are, `table` what is known of models.
    """

    context: "SharedContext | MapDocuments | None" = None
    spares: "Spares | None" = None
    cache: CallCache | None = None
    recall: RecallFunction | None = None
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    table: ModelTable = field(default_factory=ModelTable)


BARE = Equipment()
