"""What a question will do and may cost, known before a token is spent or a sandbox started."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rlm_crystal.crystal import Crystal
from rlm_crystal.errors import CrystalError
from rlm_crystal.types import Hit

from rlm_engine.answer import RouteName
from rlm_engine.extractive.question import understand
from rlm_engine.facts import facts_of
from rlm_engine.inquiry import Inquiry
from rlm_engine.model import Message, Model
from rlm_engine.model_table import ModelCard
from rlm_engine.prelude import documentation
from rlm_engine.prompt import new_fence, root_messages, told_rules
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
class Plan:
    """The way a question goes first, its first prompt, and the most that can come of it.

    `prompt_tokens` and `call_worst_usd` are those of the first call; `worst_usd` of the whole
    question, the loop after a short way that failed included. Prices nobody knows count as $0.
    """

    question: str
    route: RouteName
    reason: str
    messages: tuple[Message, ...]
    reply_tokens: int
    prompt_tokens: int
    call_worst_usd: float
    worst_usd: float
    root: ModelCard
    root_tokens_by: str
    sub: ModelCard
    sub_tokens_by: str
    limits: dict[str, int | float]


def plan_of(inquiry: Inquiry) -> Plan:
    """The plan of a question; reads from the crystal, so call it in a thread."""
    room = prompt_room(inquiry.root_card, inquiry.limits)
    choice = first_choice(
        inquiry.question,
        preference=inquiry.precautions.route,
        card=inquiry.root_card,
        corpus_chars=facts_of(inquiry.crystal).characters,
        room=room,
    )
    if choice.route == "direct":
        choice, messages = _direct(inquiry, room)
        if messages:
            return _plan(inquiry, choice, messages)
    if choice.route == "search":
        choice, messages = _search(inquiry, choice, room)
        if messages:
            return _plan(inquiry, choice, messages)
    return _plan(inquiry, choice, _first_turn(inquiry))


def _direct(inquiry: Inquiry, room: int) -> tuple[Choice, tuple[Message, ...]]:
    """The whole corpus as one prompt, or why not."""
    crystal, fence = inquiry.crystal, new_fence()
    passages = (Passage(entry.path, 1, crystal.text(entry.path)) for entry in crystal.files)
    shown = numbered(passages, inquiry.precautions.redaction)
    messages = whole_messages(inquiry.question, shown, fence=fence)
    refusal = _refusal(inquiry, messages, room)
    if refusal:
        return otherwise(asks_for(inquiry.question), refusal), ()
    effective = inquiry.root_card.effective_window
    return Choice("direct", f"the corpus fits the effective window of {effective} tokens"), messages


def _search(inquiry: Inquiry, choice: Choice, room: int) -> tuple[Choice, tuple[Message, ...]]:
    """The best passages for the question as one prompt, or why not."""
    fence = new_fence()
    counter = counter_for(inquiry.root.name)
    left = min(SEARCH_TOKENS, room)
    shown: list[str] = []
    for passage in _passages(inquiry):
        text = numbered((passage,), inquiry.precautions.redaction)
        left -= counter.count(text) + 2
        if left < 0:
            break
        shown.append(text)
    if not shown:
        return Choice("loop", f"{choice.reason}; a search found nothing that fits"), ()
    messages = found_messages(
        inquiry.question, "\n\n".join(shown), fence=fence, documents=len(inquiry.crystal.files)
    )
    refusal = _refusal(inquiry, messages, room)
    return (Choice("loop", refusal), ()) if refusal else (choice, messages)


def _refusal(inquiry: Inquiry, messages: tuple[Message, ...], room: int) -> str:
    """Why a short prompt is not sent, or an empty text."""
    limits = inquiry.limits
    worst = worst_of(inquiry.root, messages, limits.reply_tokens)
    tokens = worst.tokens - limits.reply_tokens
    if tokens > room:
        return f"all of it would be a prompt of {tokens} tokens, and {room} are read well"
    if worst.cost_usd > limits.max_cost_usd * BUDGET_SHARE:
        return f"one prompt could cost ${worst.cost_usd:.4f} of ${limits.max_cost_usd:.2f}"
    if worst.tokens > limits.max_tokens * BUDGET_SHARE:
        return f"one prompt could take {worst.tokens} of {limits.max_tokens} tokens"
    return ""


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


def _first_turn(inquiry: Inquiry) -> tuple[Message, ...]:
    return root_messages(
        inquiry.question,
        facts_of(inquiry.crystal),
        limits=inquiry.limits,
        fence=new_fence(),
        depth=0,
        helpers=documentation() + told_rules(inquiry.precautions.rules),
    )


def _plan(inquiry: Inquiry, choice: Choice, messages: tuple[Message, ...]) -> Plan:
    limits = inquiry.limits
    worst = worst_of(inquiry.root, messages, limits.reply_tokens)
    return Plan(
        question=inquiry.question,
        route=choice.route,
        reason=choice.reason,
        messages=messages,
        reply_tokens=limits.reply_tokens,
        prompt_tokens=worst.tokens - limits.reply_tokens,
        call_worst_usd=worst.cost_usd,
        worst_usd=limits.max_cost_usd if _is_paid(inquiry.root, inquiry.sub) else 0.0,
        root=inquiry.root_card,
        root_tokens_by=counter_for(inquiry.root.name).name,
        sub=inquiry.sub_card,
        sub_tokens_by=counter_for(inquiry.sub.name).name,
        limits=asdict(limits),
    )


def _is_paid(*models: Model) -> bool:
    return any(model.worst_case_usd((Message("user", "x"),), 1) > 0 for model in models)
