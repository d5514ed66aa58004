"""What a question would do and could cost, as a reply that says itself."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_tools.clip import clip

if TYPE_CHECKING:
    from rlm_engine.model_table import ModelCard
    from rlm_engine.plan import Plan

_QUESTION_CHARS = 300


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a model; prices are US dollars for a million tokens, None where unknown.

    A `window` or `effective_window` of None says that there is no bound.
    """

    model: str
    input_usd: float | None
    output_usd: float | None
    price_from: str
    window: int | None
    window_from: str
    effective_window: int | None
    quality_from: str
    tokens_by: str

    def line(self) -> str:
        """Return it in one line."""
        if self.input_usd is None:
            price = "price unknown, counted as $0"
        else:
            rates = f"${self.input_usd:g} in, ${self.output_usd:g} out per million"
            price = f"{rates} ({self.price_from})"
        if self.window is None:
            return f"{self.model}: {price}; no window"
        return (
            f"{self.model}: {price}; window {self.window} tokens ({self.window_from}), effective"
            f" {self.effective_window} ({self.quality_from}); tokens by {self.tokens_by}"
        )


@dataclass(frozen=True, slots=True)
class PlanReply:
    """The way a question goes first; `worst_usd` is the most the whole of it can cost."""

    question: str
    route: str
    reason: str
    prompt_tokens: int
    reply_tokens: int
    call_worst_usd: float
    worst_usd: float
    root: Known
    sub: Known
    limits: dict[str, int | float]

    def text(self) -> str:
        """Return the plan as a person reads it."""
        limits = self.limits
        unknown = None in (self.root.input_usd, self.sub.input_usd)
        return "\n".join(
            (
                f"Question: {self.question}",
                f"Way: {self.route}; {self.reason}.",
                f"First call: at most {self.prompt_tokens} tokens in and {self.reply_tokens} out,"
                f" ${self.call_worst_usd:.4f}.",
                f"Whole question: at most ${self.worst_usd:.4f}"
                + ("" if self.route == "loop" else ", the loop after it included")
                + (", unknown prices counted as $0." if unknown else "."),
                f"Limits: {limits['max_iterations']} turns, {limits['max_subcalls']} sub-calls,"
                f" depth {limits['max_depth']}, {limits['max_tokens']} tokens,"
                f" {limits['max_seconds']:g} s.",
                f"Root: {self.root.line()}.",
                f"Sub-calls: {self.sub.line()}.",
                "Nothing was spent and no code was run.",
            )
        )


def planned(plan: "Plan") -> PlanReply:
    """Return the reply for a plan."""
    return PlanReply(
        question=clip(plan.question, _QUESTION_CHARS),
        route=plan.route,
        reason=plan.reason,
        prompt_tokens=plan.prompt_tokens,
        reply_tokens=plan.reply_tokens,
        call_worst_usd=round(plan.call_worst_usd, 6),
        worst_usd=round(plan.worst_usd, 6),
        root=_known(plan.root, plan.root_tokens_by),
        sub=_known(plan.sub, plan.sub_tokens_by),
        limits=plan.limits,
    )


def _known(card: "ModelCard", tokens_by: str) -> Known:
    return Known(
        model=card.name,
        input_usd=None if card.price is None else card.price.input_usd,
        output_usd=None if card.price is None else card.price.output_usd,
        price_from=card.price_from,
        window=card.window,
        window_from=card.window_from,
        effective_window=card.effective_window,
        quality_from=card.quality_from,
        tokens_by=tokens_by,
    )
