"""The calls to models that code in the REPL can make: llm_query, llm_query_batched, rlm_query.

What leaves for a model is redacted like what leaves for a person.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from rlm_sandbox.redact import Redaction

from rlm_engine.errors import BudgetExceeded, EngineError, LimitWord, PromptTooLong
from rlm_engine.host import HostFunction, a_text
from rlm_engine.json_value import JsonValue
from rlm_engine.limits import RunLimits
from rlm_engine.model import Message, Model
from rlm_engine.prompt import reader_messages
from rlm_engine.run import Finish
from rlm_engine.scheduler import Scheduler

if TYPE_CHECKING:  # numpy comes with it
    from rlm_crystal.crystal import Crystal

Documents = Sequence[tuple[str, str]]
DeeperRun = Callable[[str, Documents], Awaitable[Finish]]
_PROMPT_CHARS_LEAST = 4_000
_REFUSED_CALLS = 100
# What a deeper run used up is used up for the run above it, too.
_SHARED: Final[frozenset[LimitWord | None]] = frozenset({"cost", "tokens", "subcalls"})


class Queries:
    """The sub-calls of one run.

    `deeper` opens a run of its own and is None at the depth limit. `refused` is the limit that
    kept a sub-call of this cell from being made, if one did.
    """

    def __init__(
        self,
        *,
        scheduler: Scheduler,
        sub: Model,
        crystal: "Crystal",
        limits: RunLimits,
        depth: int,
        corpus_chars: int,
        deeper: DeeperRun | None,
        redaction: Redaction,
    ) -> None:
        self.refused: LimitWord | None = None
        self._refused_calls = 0
        self._stop_cell: Callable[[], None] = _nothing
        self._scheduler = scheduler
        self._sub = sub
        self._crystal = crystal
        self._limits = limits
        self._depth = depth
        # A prompt that is shorter than the corpus cannot hold the whole of it.
        self._chars_max = min(limits.prompt_chars, max(_PROMPT_CHARS_LEAST, corpus_chars - 1))
        self._deeper = deeper
        self._redaction = redaction

    def begin_cell(self, *, stop: Callable[[], None]) -> None:
        """Forget the last cell's refusals; `stop` ends this one if it ignores a hundred."""
        self.refused = None
        self._refused_calls = 0
        self._stop_cell = stop

    def functions(self) -> dict[str, HostFunction]:
        """The host functions, by their names in the REPL."""
        return {
            "llm_query": self.llm_query,
            "llm_query_batched": self.llm_query_batched,
            "rlm_query": self.rlm_query,
        }

    async def llm_query(self, prompt: JsonValue, text: JsonValue = "") -> JsonValue:
        """One sub-call; `text` is put to the model as fenced data."""
        return await self._one(a_text(prompt, "prompt"), a_text(text, "text"))

    async def llm_query_batched(self, prompts: JsonValue, texts: JsonValue = None) -> JsonValue:
        """Many at once, in order: a str, or {"error", "message"}, for each."""
        asked = _pairs(prompts, texts)
        results: list[JsonValue] = [None] * len(asked)
        sendable: dict[int, Sequence[Message]] = {}
        for index, (prompt, text) in enumerate(asked):
            try:
                sendable[index] = self._messages(prompt, text)
            except EngineError as error:
                results[index] = _as_item(error)
        answers = await self._scheduler.batch(
            self._sub,
            list(sendable.values()),
            max_tokens=self._limits.subcall_reply_tokens,
            depth=self._depth + 1,
        )
        for index, answer in zip(sendable, answers, strict=True):
            results[index] = answer if isinstance(answer, str) else _as_item(answer)
        self._note(next((one for one in answers if isinstance(one, BudgetExceeded)), None))
        return results

    async def rlm_query(self, question: JsonValue, slice: JsonValue = "") -> JsonValue:  # noqa: A002
        """A deeper run on a slice of the corpus; a plain sub-call on it at the depth limit."""
        asked = a_text(question, "question")
        documents = self._documents(slice)
        if self._deeper is not None and documents:
            try:
                self._scheduler.budget.count_subcall()
                clean = self._redaction.text
                named = [(clean(path), text) for path, text in documents]
                ending = await self._deeper(clean(asked), named)
                if ending.limit_hit in _SHARED:
                    self.refused = self.refused or ending.limit_hit
                return ending.answer
            except BudgetExceeded as error:
                self._note(error)
                raise
        return await self._one(asked, "\n\n".join(_headed(path, text) for path, text in documents))

    async def _one(self, prompt: str, text: str) -> str:
        try:
            return await self._scheduler.subcall(
                self._sub,
                self._messages(prompt, text),
                max_tokens=self._limits.subcall_reply_tokens,
                depth=self._depth + 1,
            )
        except EngineError as error:
            self._note(error)
            raise

    def _messages(self, prompt: str, text: str) -> Sequence[Message]:
        if self._depth + 1 > self._limits.max_depth:
            raise BudgetExceeded(
                "this run may not call models (max_depth is 0); work with code and search alone",
                limit="subcalls",
            )
        size = len(prompt) + len(text)
        if size > self._chars_max:
            raise PromptTooLong(
                f"the prompt has {size} characters and one sub-call may have {self._chars_max}; "
                "split the text (chunk_text) and use llm_query_batched, or send only what matters"
            )
        clean = self._redaction.text
        return reader_messages(clean(prompt), clean(text))

    def _documents(self, given: JsonValue) -> Documents:
        if isinstance(given, str):
            return [("slice", given)] if given else []
        if not isinstance(given, list):
            raise TypeError("slice must be a list of paths or a text")
        return [self._document(item) for item in given]

    def _document(self, item: JsonValue) -> tuple[str, str]:
        if isinstance(item, str):
            return item, self._crystal.text(item)
        if isinstance(item, list) and len(item) == 2:
            return a_text(item[0], "path"), a_text(item[1], "text")
        raise TypeError("slice must be a list of paths, or of (path, text) pairs, or a text")

    def _note(self, error: EngineError | None) -> None:
        if not isinstance(error, BudgetExceeded):
            return
        self.refused = self.refused or error.limit
        self._refused_calls += 1
        if self._refused_calls >= _REFUSED_CALLS:
            self._stop_cell()


def _as_item(error: EngineError) -> JsonValue:
    return {"error": error.kind, "message": str(error)}


def _nothing() -> None:
    """Where no cell runs."""


def _pairs(prompts: JsonValue, texts: JsonValue) -> list[tuple[str, str]]:
    """Prompts with their texts: given beside them, or as (prompt, text) items, or none."""
    if not isinstance(prompts, list):
        raise TypeError("prompts must be a list of str")
    if texts is None:
        return [_pair(item) for item in prompts]
    if not isinstance(texts, list) or len(texts) != len(prompts):
        raise TypeError("texts must be a list as long as prompts")
    return [
        (a_text(prompt, "prompt"), a_text(text, "text"))
        for prompt, text in zip(prompts, texts, strict=True)
    ]


def _pair(item: JsonValue) -> tuple[str, str]:
    if isinstance(item, list) and len(item) == 2:
        return a_text(item[0], "prompt"), a_text(item[1], "text")
    return a_text(item, "prompt"), ""


def _headed(path: str, text: str) -> str:
    return f"===== {path}\n{text}"
