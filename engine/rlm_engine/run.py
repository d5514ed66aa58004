"""What a run does next: the state of the loop and its transitions, pure.

The tuple of definition 1: L is asked through `AskRoot`, E runs `RunCode`, R happens inside a cell
and comes back as spending, S is `Run`, δ is `after`, F is `next_step` answering `Finish`. There
is no clock here: time arrives in events.

Held at every step: the prompt has the corpus's sizes and names and bounded outputs, never its
text whole; depth ≤ max_depth; a run past any limit ends, with a marked partial answer made of
what it found; at most `max_iterations` turns are asked for.
"""

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TypeAlias, assert_never

from rlm_engine.clip import clip
from rlm_engine.code_blocks import code_blocks, reads_any, without_thinking
from rlm_engine.errors import LimitWord
from rlm_engine.facts import Facts
from rlm_engine.history import Room, compact
from rlm_engine.limits import NOTHING_SPENT, RunLimits, Spent
from rlm_engine.model import Message
from rlm_engine.partial import partial_answer
from rlm_engine.prompt import (
    CUT_REPLY,
    EMPTY_FINAL,
    NOT_LOOKED,
    cell_text,
    nudge_text,
    root_messages,
    turn_text,
)
from rlm_engine.repair import REPEATED, hint_for_reply

LOOKING = frozenset({"context", "crystal", "memory", "llm_query", "llm_query_batched", "rlm_query"})
"""The names that reach the corpus; code that uses none of them has looked at nothing."""

_NUDGES = 2
# A script that goes on calling after its budget is used up is a runaway; one refusal may be a
# single prompt that was too long.
_REFUSING_CELLS = 3
# Each costs the time limit of a cell; a model that did not learn from two will not from twenty.
_ENDLESS_CELLS = 3
_FOUND_KEPT = 6
_MARKS_KEPT = 8
_FOUND_CHARS = 3_000
_REPLY_CHARS = 24_000
_REPLY_CHARS_LEAST = 4_000
_OUTPUT_CHARS_LEAST = 999


@dataclass(frozen=True, slots=True)
class AskRoot:
    """Ask the root model for its next turn."""

    messages: tuple[Message, ...]
    max_tokens: int


@dataclass(frozen=True, slots=True)
class RunCode:
    """Run one block in the REPL."""

    code: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The run is over. With `limit_hit` the answer says itself that it is partial, or may be."""

    answer: str
    limit_hit: LimitWord | None


Step: TypeAlias = AskRoot | RunCode | Finish


@dataclass(frozen=True, slots=True)
class Replied:
    """The root model answered; its provider counted `tokens_in` in the prompt, 0: nothing.

    `cut`: the reply ran into its limit of tokens.
    """

    text: str
    spent: Spent
    elapsed_s: float
    tokens_in: int = 0
    cut: bool = False


@dataclass(frozen=True, slots=True)
class CodeRan:
    """A block ran. `final` is the text handed to FINAL, if it was called; `fault` why it failed.

    `refused` is the limit that kept a sub-call of this block from being made, if one did;
    `endless`: it was stopped at the time limit of a cell.
    """

    output: str
    spent: Spent
    elapsed_s: float
    fault: str = ""
    hint: str = ""
    remarks: tuple[str, ...] = ()
    final: str | None = None
    refused: LimitWord | None = None
    endless: bool = False
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A step could not be made, or was broken off, because a limit was reached."""

    limit: LimitWord
    spent: Spent
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class PromptTooLarge:
    """The provider found the prompt too long; `tokens_max` is the window it told, if it did."""

    spent: Spent
    elapsed_s: float
    tokens_max: int | None = None


Event: TypeAlias = Replied | CodeRan | LimitReached | PromptTooLarge


@dataclass(frozen=True, slots=True)
class Run:
    """One run at one moment."""

    question: str
    facts: Facts
    limits: RunLimits
    fence: str
    depth: int = 0
    helpers: str = ""
    room: Room | None = None
    squeezed: bool = False
    cut: bool = False
    history: tuple[Message, ...] = ()
    pending: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    iterations: int = 0
    spent: Spent = NOTHING_SPENT
    elapsed_s: float = 0.0
    ran: tuple[bytes, ...] = ()
    looked: bool = False
    final_refused: bool = False
    silent_replies: int = 0
    refused: LimitWord | None = None
    refusing_cells: int = 0
    endless_cells: int = 0
    found: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    ending: Finish | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.depth <= self.limits.max_depth:
            raise ValueError(f"depth {self.depth} is beyond max_depth {self.limits.max_depth}")

    def next_step(self) -> Step:
        """What to do now; the same answer until an event is told."""
        if self.ending is not None:
            return self.ending
        limit = self._limit_passed()
        if limit is not None:
            return self._partial(limit)
        if self.pending:
            return RunCode(self.pending[0])
        if self.iterations >= self.limits.max_iterations:
            return self._partial("iterations")
        return AskRoot(self.messages(), self.limits.reply_tokens)

    def after(self, event: Event) -> "Run":
        """The run once `event` has happened; an ended run stays as it is."""
        if self.ending is not None:
            return self
        run = replace(self, spent=event.spent, elapsed_s=max(self.elapsed_s, event.elapsed_s))
        match event:
            case Replied():
                room = run._room().learnt(run.messages(), event.tokens_in)
                return replace(run, room=room, squeezed=False, cut=event.cut)._after_reply(
                    event.text
                )
            case CodeRan():
                return run._after_cell(event)
            case LimitReached():
                return replace(run, ending=run._partial(event.limit))
            case PromptTooLarge():
                return run._squeeze(event.tokens_max)
            case _:
                assert_never(event)

    def messages(self) -> tuple[Message, ...]:
        """The prompt of the next turn."""
        return self._head() + self.history

    def _after_reply(self, text: str) -> "Run":
        run = replace(self, iterations=self.iterations + 1)
        blocks = code_blocks(text)
        words = without_thinking(text).strip() or "(empty)"
        said = Message("assistant", clip(words, self._reply_chars()))
        if blocks:
            return replace(run._told(said), pending=blocks, cells=(), silent_replies=0)
        run = replace(run, silent_replies=run.silent_replies + 1)
        if run.silent_replies > _NUDGES:
            kept = replace(run, found=(*run.found, said.content))
            return replace(kept, ending=kept._partial("no_code"))
        nudges = (CUT_REPLY * run.cut, nudge_text(run.silent_replies), hint_for_reply(text))
        nudge = "\n".join(filter(None, nudges))
        return run._told(said, Message("user", nudge))

    def _after_cell(self, event: CodeRan) -> "Run":
        if not self.pending:
            return self
        code, rest = self.pending[0], self.pending[1:]
        looked = self.looked or reads_any(code, LOOKING)
        run = replace(
            self,
            looked=looked,
            refused=self.refused or event.refused,
            refusing_cells=self.refusing_cells + (event.refused is not None),
            endless_cells=self.endless_cells + 1 if event.endless else 0,
            variables=event.variables or self.variables,
            found=_with_found(self.found, event),
        )
        if event.final is not None and event.final.strip() and (looked or self.final_refused):
            return replace(run, pending=(), ending=Finish(event.final.strip(), run.refused))
        mark = _mark_of(code, event)
        remarks = [*event.remarks, *([REPEATED] if mark in self.ran else [])]
        run = replace(run, ran=(*self.ran, mark)[-_MARKS_KEPT:])
        if event.final is not None:
            remarks.append(NOT_LOOKED if event.final.strip() else EMPTY_FINAL)
            run = replace(run, final_refused=run.final_refused or bool(event.final.strip()))
        if self.cut and not rest:
            remarks.append(CUT_REPLY)
        stopped = bool(event.fault) or event.final is not None
        if stopped and rest:
            remarks.append(f"The {len(rest)} blocks after it were not run.")
        cell = cell_text(
            event.output,
            fault=event.fault,
            hint=event.hint,
            remarks=remarks,
            fence=self.fence,
            chars=self._output_chars(),
        )
        run = replace(run, pending=() if stopped else rest, cells=(*self.cells, cell))
        if run.refusing_cells >= _REFUSING_CELLS and run.refused is not None:
            return replace(run, ending=run._partial(run.refused))
        if run.endless_cells >= _ENDLESS_CELLS:
            return replace(run, ending=run._partial("endless_code"))
        return run if run.pending else run._turn_over()

    def _turn_over(self) -> "Run":
        text = turn_text(self.cells, turn=self.iterations, limits=self.limits, spent=self.spent)
        return replace(self._told(Message("user", text)), cells=())

    def _told(self, *messages: Message) -> "Run":
        return replace(self, history=self._compacted(self.history + messages))

    def _squeeze(self, tokens_max: int | None) -> "Run":
        """After a prompt that did not fit: less of it, once; a second one in a row ends the run."""
        if self.squeezed or not self.history:
            return replace(self, ending=self._partial("provider"))
        reply_tokens = self.limits.reply_tokens
        if tokens_max is not None:
            reply_tokens = max(1, min(reply_tokens, tokens_max // 4))
        room = self._room().narrowed(
            self._head(), self.history, reply_tokens=reply_tokens, tokens_max=tokens_max
        )
        limits = replace(self.limits, reply_tokens=reply_tokens)
        run = replace(self, room=room, limits=limits, squeezed=True)
        return replace(run, history=run._compacted(run.history))

    def _compacted(self, history: tuple[Message, ...]) -> tuple[Message, ...]:
        room, head_tokens = self._room(), 0
        if room.tokens is not None:
            room = replace(room, tokens=room.tokens - self.limits.reply_tokens)
            head_tokens = room.tokens_of(self._head())
        names = [name for name, _ in self.variables]
        return compact(history, room, head_tokens=head_tokens, variables=names)

    def _room(self) -> Room:
        return self.room or Room(self.limits.history_chars)

    def _head(self) -> tuple[Message, ...]:
        return root_messages(
            self.question,
            self.facts,
            limits=self.limits,
            fence=self.fence,
            depth=self.depth,
            helpers=self.helpers,
        )

    def _output_chars(self) -> int:
        # Less than the corpus, so that no output can hold the whole of it, unless that is so small
        # that a few records of what was found in it would be cut in the middle.
        return min(self.limits.output_chars, max(_OUTPUT_CHARS_LEAST, self.facts.characters - 1))

    def _reply_chars(self) -> int:
        # A model that copies out what it has seen cannot put the corpus together, either.
        return max(_REPLY_CHARS_LEAST, min(_REPLY_CHARS, self.facts.characters - 1))

    def _limit_passed(self) -> LimitWord | None:
        if self.elapsed_s >= self.limits.max_seconds:
            return "seconds"
        if self.spent.cost_usd > self.limits.max_cost_usd:
            return "cost"
        if self.spent.tokens > self.limits.max_tokens:
            return "tokens"
        return None

    def _partial(self, limit: LimitWord) -> Finish:
        return Finish(partial_answer(limit, found=self.found, variables=self.variables), limit)


def _mark_of(code: str, event: CodeRan) -> bytes:
    """What tells a block and what came of it from all others."""
    whole = "\0".join((code, event.output, event.fault, event.final or ""))
    return blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _with_found(found: tuple[str, ...], event: CodeRan) -> tuple[str, ...]:
    if not event.output.strip():
        return found
    return (*found, clip(event.output.strip(), _FOUND_CHARS))[-_FOUND_KEPT:]
