"""What the root has said and seen, kept to a size that its window can hold.

Values stay in the REPL; what is dropped here can be printed again.
"""

from dataclasses import replace

from rlm_engine.clip import clip
from rlm_engine.model import Message

_RECENT = 4
_SHORT_CHARS = 600
DROPPED = "[Earlier turns were dropped to save room. Their variables are still in the REPL.]\n"


def compact(history: tuple[Message, ...], chars: int) -> tuple[Message, ...]:
    """`history` in about `chars` characters: old turns cut short, then dropped, oldest first.

    The last four messages are kept; they too are cut where they alone are more than `chars`. The
    first message that is left from the user tells that turns were dropped.
    """
    if _chars(history) <= chars:
        return history
    plain = tuple(_unmarked(message) for message in history)
    old = tuple(_clipped(message, _SHORT_CHARS) for message in plain[:-_RECENT])
    recent = plain[-_RECENT:]
    if _chars(recent) > chars:
        recent = tuple(_clipped(message, chars // _RECENT) for message in recent)
    room = chars - _chars(recent)
    dropped = plain != history
    while old and _chars(old) > room:
        old, dropped = old[2:], True
    return _marked(old + recent) if dropped else old + recent


def _marked(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    at = next((at for at, message in enumerate(messages) if message.role == "user"), None)
    if at is None:
        return messages
    marked = replace(messages[at], content=DROPPED + messages[at].content)
    return (*messages[:at], marked, *messages[at + 1 :])


def _unmarked(message: Message) -> Message:
    return replace(message, content=message.content.removeprefix(DROPPED))


def _clipped(message: Message, chars: int) -> Message:
    return replace(message, content=clip(message.content, chars))


def _chars(messages: tuple[Message, ...]) -> int:
    return sum(len(message.content) for message in messages)
