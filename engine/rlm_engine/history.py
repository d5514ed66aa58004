"""What the root has said and seen, kept to a size that its window can hold.

Values stay in the REPL; what is dropped here can be printed again.
"""

from dataclasses import replace

from rlm_engine.clip import clip
from rlm_engine.model import Message

_RECENT = 4
_SHORT_CHARS = 600
DROPPED = "[Earlier turns were dropped to save room. Their variables are still in the REPL.]"


def compact(history: tuple[Message, ...], chars: int) -> tuple[Message, ...]:
    """`history` in at most `chars` characters: old turns cut short, then dropped, oldest first.

    The last four messages are kept; they too are cut where they alone are more than `chars`.
    Roles alternate in what is kept, beginning with the assistant's.
    """
    if _chars(history) <= chars:
        return history
    old, recent = history[:-_RECENT], history[-_RECENT:]
    shortened = tuple(_clipped(message, _SHORT_CHARS) for message in old)
    while shortened and _chars(shortened) + _chars(recent) > chars:
        shortened = shortened[2:]
        recent = _marked(recent)
    if _chars(shortened) + _chars(recent) <= chars:
        return shortened + recent
    return tuple(_clipped(message, chars // _RECENT) for message in recent)


def _marked(recent: tuple[Message, ...]) -> tuple[Message, ...]:
    for index, message in enumerate(recent):
        if message.role == "user":
            if message.content.startswith(DROPPED):
                return recent
            marked = replace(message, content=f"{DROPPED}\n{message.content}")
            return (*recent[:index], marked, *recent[index + 1 :])
    return recent


def _clipped(message: Message, chars: int) -> Message:
    return replace(message, content=clip(message.content, chars))


def _chars(messages: tuple[Message, ...]) -> int:
    return sum(len(message.content) for message in messages)
