"""A short answer: one call, and a check whether what it says is evidence enough."""

from dataclasses import dataclass

import anyio
from anyio.to_thread import run_sync

from rlm_engine.answer import RouteName
from rlm_engine.citations import Citation, check_citations
from rlm_engine.code_blocks import code_blocks, without_thinking
from rlm_engine.errors import BudgetExceeded, ContextTooLong, NoText
from rlm_engine.first_step import FirstCall
from rlm_engine.inquiry import Inquiry
from rlm_engine.root_call import ask_root
from rlm_engine.short_prompt import tells


@dataclass(frozen=True, slots=True)
class Short:
    """What the call gave; `refusal` says why it is no answer, empty where it is one.

    `is_code`: the model wrote code for the loop instead, which its first turn can begin with.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    refusal: str = ""
    is_code: bool = False


async def short_answer(inquiry: Inquiry, route: RouteName, call: FirstCall) -> Short:
    """Ask the root once, the loop not begun; a ModelError where it cannot be asked at all.

    The record shows it as a run of one turn that has no sandbox.
    """
    where = "all documents" if route == "direct" else "what a search found"
    inquiry.say(f"Asking {inquiry.root.name} directly, with {where}")
    inquiry.trace.begin(
        depth=0,
        question=inquiry.question,
        documents=inquiry.facts.documents,
        characters=inquiry.facts.characters,
        layers=[],
        begin_s=inquiry.elapsed_s,
        at_s=inquiry.elapsed_s,
    )
    short: Short | None = None
    with anyio.CancelScope(deadline=inquiry.deadline):
        short = await _asked(inquiry, call)
    short = short or Short("", refusal="the time limit was reached")
    if not short.refusal:
        inquiry.trace.event(
            "finish", depth=0, limit_hit=None, answer=short.text, at_s=inquiry.elapsed_s
        )
    return short


async def _asked(inquiry: Inquiry, call: FirstCall) -> Short:
    try:
        completion = await ask_root(
            inquiry, call.messages, max_tokens=call.reply_tokens, depth=0, turn=0
        )
    except (BudgetExceeded, ContextTooLong, NoText) as error:
        return Short("", refusal=str(error))
    text = without_thinking(completion.text).strip()
    if code_blocks(completion.text):
        return Short(completion.text, refusal="the model wrote code", is_code=True)
    if completion.cut:
        return Short(text, refusal="the reply was cut at its limit of tokens")
    if not tells(text):
        return Short(text, refusal="the model could not tell from it")
    citations = await run_sync(check_citations, text, inquiry.crystal)
    if not any(citation.verified for citation in citations):
        return Short(text, citations, "no citation of it could be verified")
    return Short(text, citations)
