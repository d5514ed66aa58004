"""The errors of the engine.

EngineError
├── ModelError               a language model gave no answer; the message never holds a key
│   ├── ModelNotConfigured   no model is named, or its package is not installed
│   ├── ModelUnavailable     nothing answers at the endpoint
│   ├── ModelBusy            429, 5xx: asking again later may help
│   │   └── ModelTimeout     the call was sent and not answered in time
│   ├── ModelRefused         the provider answered that it will not: key, model name, request
│   ├── ContextTooLong       the prompt does not fit the model's window: send less
│   └── NoText               the call was answered and billed, and there is nothing to read
│       ├── ReplyFiltered    the provider or the model withholds the reply
│       └── ReplyEmpty       nothing was written
├── BudgetExceeded           a call's worst case does not fit the limits of the run
├── PromptTooLong            a sub-call's prompt is larger than one prompt may be
├── ExecutionUnavailable     no sandbox can be had on this machine, so no code runs
├── ReplBusy                 a cell runs in this REPL, or ran for longer than it may
├── RecordUnreadable         what lies where a run's record should is none
└── SpansUnavailable         spans are wanted and their package is not installed
"""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rlm_engine.model import Completion

LimitWord = Literal[
    "iterations", "cost", "tokens", "subcalls", "seconds", "no_code", "endless_code", "provider"
]  # fmt: skip
"""Why a run ended early. `no_code`: the root would not write code; `endless_code`: what it wrote
ran into the time limit of a cell again and again; `provider`: it went away."""


class EngineError(Exception):
    """Base of all errors of this room; the message says what to do. `kind` names it for a REPL."""

    kind = "engine"


class ModelError(EngineError):
    """A language model gave no answer."""

    kind = "model"


class ModelNotConfigured(ModelError):
    """No model is named, or the package that speaks to it is not installed."""

    kind = "model_not_configured"


class ModelUnavailable(ModelError):
    """Nothing answers at the endpoint."""

    kind = "model_unavailable"


class ModelBusy(ModelError):
    """The provider is overloaded or limits the rate; `retry_after_s` is its own advice, if any."""

    kind = "model_busy"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ModelTimeout(ModelBusy):
    """The call was sent and not answered in time; the provider may bill it all the same."""

    kind = "model_timeout"


class ModelRefused(ModelError):
    """The provider will not answer this request, now or later."""

    kind = "model_refused"


class ContextTooLong(ModelError):
    """The prompt does not fit; `tokens_max` is the model's window where the provider told it."""

    kind = "context_too_long"

    def __init__(self, message: str, *, tokens_max: int | None = None) -> None:
        super().__init__(message)
        self.tokens_max = tokens_max


class NoText(ModelError):
    """There is nothing to read in the reply; `billed` is what the call took all the same."""

    kind = "no_text"

    def __init__(self, message: str, *, billed: "Completion") -> None:
        super().__init__(message)
        self.billed = billed


class ReplyFiltered(NoText):
    """The provider's filter, or the model itself, withholds the reply."""

    kind = "reply_filtered"


class ReplyEmpty(NoText):
    """The model ended without a word; asking once more may help."""

    kind = "reply_empty"


class BudgetExceeded(EngineError):
    """A call was not made because its worst case does not fit; `limit` names what ran out."""

    kind = "budget"

    def __init__(self, message: str, *, limit: LimitWord) -> None:
        super().__init__(message)
        self.limit: LimitWord = limit


class PromptTooLong(EngineError):
    """One sub-call was handed more text than one prompt may hold."""

    kind = "prompt_too_long"


class ExecutionUnavailable(EngineError):
    """Code execution fails closed here; the message says what is missing."""

    kind = "execution_unavailable"


class ReplBusy(EngineError):
    """A cell runs in this REPL already, or was stopped because it would not end."""

    kind = "repl_busy"


class RecordUnreadable(EngineError):
    """What lies where the record of a run should is none."""

    kind = "record_unreadable"


class SpansUnavailable(EngineError):
    """Spans of a run are wanted and their package is not installed."""

    kind = "spans_unavailable"
