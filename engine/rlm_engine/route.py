"""Which way a question goes: to a direct answer, to a search and an answer, or to the loop. Pure.

Independent runs of recursive language models found that where the text fits the window a direct
answer is as good and cheaper, so that is tried first; the loop is for what is larger, and for what
must be counted or listed. A short way that gives no evidence ends in the loop.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from rlm_engine.answer import RouteName
from rlm_engine.extractive.question import understand
from rlm_engine.limits import RunLimits
from rlm_engine.model_table import ModelCard
from rlm_engine.precautions import RoutePreference

Asks = Literal["aggregate", "lookup", "other"]

# What a short answer may cost at most, of what the question may: the loop must be able to follow.
BUDGET_SHARE: Final = 0.5
_LOOKUPS: Final = frozenset({"definition", "config", "error"})
_AGGREGATES: Final = frozenset({"listing", "usage", "calls"})
_PLACE: Final = re.compile(
    r"(?i)\s*(?:(?:in |at |from )?(?:where|which|what|who)|где|откуда|кто)\b"
)
_ALL: Final = re.compile(
    r"(?i)\b(?:all|every|everywhere|how (?:many|often)|throughout|все|всех|сколько|везде)\b"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A way, and why."""

    route: RouteName
    reason: str


def asks_for(question: str) -> Asks:
    """Whether a question counts or lists, looks one thing up, or neither.

    What is pasted, such as a bug report with its traceback, is neither.
    """
    understood = understand(question)
    if understood.type in _AGGREGATES or _ALL.search(understood.text):
        return "aggregate"
    if understood.pasted:
        return "other"
    if understood.type in _LOOKUPS:
        return "lookup"
    return "lookup" if understood.type == "where" and _PLACE.match(understood.text) else "other"


def first_choice(
    question: str, *, preference: RoutePreference, card: ModelCard, corpus_chars: int, room: int
) -> Choice:
    """The way to try first, before any prompt is made; `room` is what `prompt_room` gives.

    A corpus that may fit is only found to by counting: `direct` here says that this is worth it.
    """
    if preference == "loop":
        return Choice("loop", "the loop is asked for (RLM_ROUTE=loop)")
    if card.window is None:
        return Choice("loop", f"{card.name} has no window: it writes code for every question")
    asks = asks_for(question)
    if asks == "aggregate":
        return Choice("loop", "the question counts or lists, which code does exactly")
    if corpus_chars <= room * _CHARS_PER_TOKEN_MOST:
        return Choice("direct", "the corpus may fit the effective window")
    return otherwise(asks, f"the corpus is beyond the effective window of {card.name}")


def otherwise(asks: Asks, why: str) -> Choice:
    """The way for what is too large, or too dear, to be read whole."""
    if asks == "lookup":
        return Choice("search", f"{why}; the question looks one thing up")
    return Choice("loop", f"{why}, and the question looks no single thing up")


def prompt_room(card: ModelCard, limits: RunLimits) -> int:
    """The tokens that the prompt of a short answer may have."""
    if card.window is None or card.effective_window is None:
        return 0
    return max(0, min(card.effective_window, card.window - limits.reply_tokens))


# No text of any language and tokenizer that we measured has more characters to a token.
_CHARS_PER_TOKEN_MOST: Final = 8
