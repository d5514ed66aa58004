"""What a question will do and may cost, told before a token is spent or a sandbox started."""

from dataclasses import asdict, dataclass

from rlm_engine.answer import RouteName
from rlm_engine.first_step import FirstCall, first_step
from rlm_engine.inquiry import Inquiry
from rlm_engine.model import Message, Model
from rlm_engine.model_table import ModelCard
from rlm_engine.prelude import documentation
from rlm_engine.prompt import new_fence, root_messages, told_rules
from rlm_engine.scheduler import worst_of
from rlm_engine.tokens import counter_for


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
    step, limits = first_step(inquiry), inquiry.limits
    call = step.call or _first_turn(inquiry)
    return Plan(
        question=inquiry.question,
        route=step.choice.route,
        reason=step.choice.reason,
        messages=call.messages,
        reply_tokens=call.reply_tokens,
        prompt_tokens=call.worst.tokens - call.reply_tokens,
        call_worst_usd=call.worst.cost_usd,
        worst_usd=limits.max_cost_usd if _is_paid(inquiry.root, inquiry.sub) else 0.0,
        root=inquiry.root_card,
        root_tokens_by=counter_for(inquiry.root.name).name,
        sub=inquiry.sub_card,
        sub_tokens_by=counter_for(inquiry.sub.name).name,
        limits=asdict(limits),
    )


def _first_turn(inquiry: Inquiry) -> FirstCall:
    """The first call of the loop."""
    messages = root_messages(
        inquiry.question,
        inquiry.facts,
        limits=inquiry.limits,
        fence=new_fence(),
        depth=0,
        helpers=documentation() + told_rules(inquiry.precautions.rules),
    )
    reply_tokens = inquiry.limits.reply_tokens
    return FirstCall(messages, reply_tokens, worst_of(inquiry.root, messages, reply_tokens))


def _is_paid(*models: Model) -> bool:
    return any(model.worst_case_usd(1, 1) > 0 for model in models)
