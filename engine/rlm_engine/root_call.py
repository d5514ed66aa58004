"""One call to the root, written into the record."""

from collections.abc import Sequence

from rlm_engine.inquiry import Inquiry
from rlm_engine.model import Completion, Message
from rlm_engine.scheduler import content_key


async def ask_root(
    inquiry: Inquiry, messages: Sequence[Message], *, max_tokens: int, depth: int, turn: int
) -> Completion:
    """What the root says; an EngineError says why it says nothing."""
    begin_s = inquiry.elapsed_s
    completion = await inquiry.scheduler.ask_root(
        inquiry.root, messages, max_tokens=max_tokens, depth=depth
    )
    inquiry.trace.event(
        "root",
        depth=depth,
        turn=turn,
        model=inquiry.root.name,
        text=completion.text,
        tokens_in=completion.tokens_in,
        tokens_out=completion.tokens_out,
        cost_usd=completion.cost_usd,
        prompt_hash=content_key(inquiry.root, messages, max_tokens),
        begin_s=begin_s,
        at_s=inquiry.elapsed_s,
        **inquiry.trace.prompt(messages, depth=depth),
    )
    return completion
