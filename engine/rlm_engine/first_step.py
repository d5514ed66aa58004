"""The way a question goes first, and the prompt of a short way where it goes one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rlm_crystal.crystal import Crystal
from rlm_crystal.errors import CrystalError
from rlm_crystal.types import Hit

from rlm_engine.budget import Worst
from rlm_engine.extractive.question import understand
from rlm_engine.inquiry import Inquiry
from rlm_engine.model import Message
from rlm_engine.prompt import new_fence
from rlm_engine.route import (
    BUDGET_SHARE,
    Choice,
    asks_for,
    first_choice,
    otherwise,
    prompt_room,
)
from rlm_engine.scheduler import worst_of
from rlm_engine.short_prompt import Passage, found_messages, numbered, whole_messages
from rlm_engine.tokens import counter_for

# Enough for a definition and what is around it; more makes no lookup better.
SEARCH_TOKENS = 12_000
_HITS = 12
_DEFINITIONS = 4
_DEFINITION_LINES = 120


@dataclass(frozen=True, slots=True)
class FirstCall:
    """The first call to the root, and the most that it can take."""

    messages: tuple[Message, ...]
    reply_tokens: int
    worst: Worst


@dataclass(frozen=True, slots=True)
class FirstStep:
    """A way and why; `call` is None where it is the loop, which writes prompts of its own."""

    choice: Choice
    call: FirstCall | None = None


def first_step(inquiry: Inquiry) -> FirstStep:
    """Where a question begins; reads from the crystal, so call it in a thread."""
    room = prompt_room(inquiry.root_card, inquiry.limits)
    choice = first_choice(
        inquiry.question,
        preference=inquiry.precautions.route,
        card=inquiry.root_card,
        corpus_chars=inquiry.facts.characters,
        room=room,
    )
    if choice.route == "direct":
        step = _direct(inquiry, room)
        if step.call is not None:
            return step
        choice = step.choice
    return _search(inquiry, choice, room) if choice.route == "search" else FirstStep(choice)


def _direct(inquiry: Inquiry, room: int) -> FirstStep:
    """The whole corpus as one prompt, or why not."""
    crystal = inquiry.crystal
    passages = (Passage(entry.path, 1, crystal.text(entry.path)) for entry in crystal.files)
    shown, all_shown = _shown(inquiry, passages, room)
    if not all_shown:
        why = f"all of it would be a prompt of more than the {room} tokens that are read well"
        return FirstStep(otherwise(asks_for(inquiry.question), why))
    effective = inquiry.root_card.effective_window
    choice = Choice("direct", f"the corpus fits the effective window of {effective} tokens")
    step = _checked(
        inquiry, choice, whole_messages(inquiry.question, shown, fence=new_fence()), room
    )
    if step.call is None:
        return FirstStep(otherwise(asks_for(inquiry.question), step.choice.reason))
    return step


def _search(inquiry: Inquiry, choice: Choice, room: int) -> FirstStep:
    """The best passages for the question as one prompt, or why not."""
    shown, _ = _shown(inquiry, _passages(inquiry), min(SEARCH_TOKENS, room))
    if not shown:
        return FirstStep(Choice("loop", f"{choice.reason}; a search found nothing that fits"))
    messages = found_messages(
        inquiry.question, shown, fence=new_fence(), documents=len(inquiry.crystal.files)
    )
    return _checked(inquiry, choice, messages, room)


def _shown(inquiry: Inquiry, passages: Iterable[Passage], room: int) -> tuple[str, bool]:
    """The first passages that have room together, and whether they are all of them."""
    counter, left = counter_for(inquiry.root.name), room
    shown: list[str] = []
    for passage in passages:
        text = numbered(passage, inquiry.precautions.redaction)
        left -= counter.count(text) + 2
        if left < 0:
            return "\n\n".join(shown), False
        shown.append(text)
    return "\n\n".join(shown), True


def _checked(
    inquiry: Inquiry, choice: Choice, messages: tuple[Message, ...], room: int
) -> FirstStep:
    """The step with this prompt, or the loop and why the prompt is not sent."""
    limits = inquiry.limits
    worst = worst_of(inquiry.root, messages, limits.reply_tokens)
    tokens = worst.tokens - limits.reply_tokens
    if tokens > room:
        why = f"it would be a prompt of {tokens} tokens, and {room} are read well"
    elif worst.cost_usd > limits.max_cost_usd * BUDGET_SHARE:
        why = f"one prompt could cost ${worst.cost_usd:.4f} of ${limits.max_cost_usd:.2f}"
    elif worst.tokens > limits.max_tokens * BUDGET_SHARE:
        why = f"one prompt could take {worst.tokens} of {limits.max_tokens} tokens"
    else:
        return FirstStep(choice, FirstCall(messages, limits.reply_tokens, worst))
    return FirstStep(Choice("loop", why))


def _passages(inquiry: Inquiry) -> Sequence[Passage]:
    """Definitions of what the question names, then what a search finds; none twice."""
    crystal = inquiry.crystal
    understood = understand(inquiry.question)
    spans = [
        (definition.path, definition.start_line, definition.end_line)
        for name in understood.names
        for definition in crystal.symbol(name)[:_DEFINITIONS]
    ]
    hits = _hits(crystal, understood.query)
    spans += [(hit.path, hit.start_line, hit.end_line) for hit in hits]
    passages: list[Passage] = []
    taken: list[tuple[str, int, int]] = []
    for path, start, end in spans:
        end = min(end, start + _DEFINITION_LINES - 1)
        if any(path == other and start >= first and end <= last for other, first, last in taken):
            continue
        taken.append((path, start, end))
        passages.append(Passage(path, start, crystal.read(path, start, end)))
    return passages


def _hits(crystal: Crystal, query: str) -> Sequence[Hit]:
    try:
        return crystal.search(query, limit=_HITS)
    except CrystalError:  # a question may look like a filter that is none
        return ()
