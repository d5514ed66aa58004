"""Reading a reply while it is written. Whoever gives up on it hangs up at once."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any, Final

import anyio

from rlm_engine.models.reply import Heard, refusal_in
from rlm_engine.models.writing import Writing

_CLOSE_WITHIN_S: Final = 1.0
# A stream that gives a word now and then must end, too.
_SILENCES_MAX: Final = 10


async def read_stream(asked: Awaitable[Any], writing: Writing, *, silence_s: float) -> Heard:
    """The whole reply of a stream of litellm's.

    TimeoutError where nothing comes for `silence_s`, or its end not within ten times that.
    """
    with anyio.fail_after(silence_s * _SILENCES_MAX):
        with anyio.fail_after(silence_s):
            stream = await asked
        try:
            heard, pieces = Heard(ended=False), list[str]()
            while True:
                with anyio.fail_after(silence_s):
                    chunk = await anext(stream, None)
                if chunk is None:
                    break
                heard = _heard(heard, chunk, pieces, writing)
        finally:
            with anyio.move_on_after(_CLOSE_WITHIN_S, shield=True):
                await stream.aclose()
    # litellm says "stop" of its own where a stream just ends.
    ended = bool(stream.received_finish_reason or stream.intermittent_finish_reason)
    return replace(heard, text="".join(pieces), ended=ended)


def _heard(heard: Heard, chunk: Any, pieces: list[str], writing: Writing) -> Heard:
    usage: object = getattr(chunk, "usage", None)
    if usage is not None:
        heard = heard.with_usage(usage)
    if not chunk.choices:
        return heard
    choice = chunk.choices[0]
    if choice.delta.content:
        pieces.append(choice.delta.content)
        writing.writes(choice.delta.content)
    elif getattr(choice.delta, "reasoning_content", None):
        writing.thinks()
    return replace(
        heard,
        refusal=heard.refusal + refusal_in(choice.delta),
        finish=str(choice.finish_reason or heard.finish),
    )
