"""Limits of a question made to fit the windows of its models. Pure."""

from dataclasses import replace
from typing import Final

from rlm_engine.limits import RunLimits
from rlm_engine.model_table import ModelCard

# Of a window, what a reply may take.
_REPLY_SHARE: Final = 4
# Around the text of a sub-call: what it is asked to be, and the fence.
_READER_TOKENS: Final = 600
# Fewer characters than any prose or code has to a token, by the estimate.
_CHARS_PER_TOKEN: Final = 1.5


def fitted(limits: RunLimits, root: ModelCard, sub: ModelCard) -> RunLimits:
    """`limits` with replies, outputs and prompts of sub-calls that fit both windows."""
    reply_tokens = _reply(limits.reply_tokens, root)
    sub_reply = _reply(limits.subcall_reply_tokens, sub)
    output_chars, prompt_chars = limits.output_chars, limits.prompt_chars
    if root.window is not None:
        output_chars = max(200, min(output_chars, int(root.window / 8 * _CHARS_PER_TOKEN)))
    if sub.window is not None:
        room = max(0, sub.window - sub_reply - _READER_TOKENS)
        prompt_chars = min(prompt_chars, int(room * _CHARS_PER_TOKEN))
    return replace(
        limits,
        reply_tokens=reply_tokens,
        subcall_reply_tokens=sub_reply,
        output_chars=output_chars,
        prompt_chars=prompt_chars,
    )


def _reply(tokens: int, card: ModelCard) -> int:
    bounds = [tokens, card.reply_max or tokens]
    if card.window is not None:
        bounds.append(card.window // _REPLY_SHARE)
    return max(1, min(bounds))
