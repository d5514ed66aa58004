"""What the root has said and seen, kept to a size that its window can hold. Pure.

Values stay in the REPL; what is cut here can be printed again. Older turns are folded first (their
code kept short, their outputs to a beginning), then left out, oldest first; then the latest ones
are cut as well.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from rlm_engine.clip import clip
from rlm_engine.code_blocks import code_blocks, prose_of
from rlm_engine.model import Message
from rlm_engine.tokens import ESTIMATE, TokenCounter

_RECENT = 4
_CODE_CHARS = 400
_PROSE_CHARS = 120
_OUTPUT_CHARS = 200
_NAMES_TOLD = 30
_LEAST_CHARS = 40
_DATA = re.compile(
    r"^(?P<open><data \w+>\n)(?P<text>.*?)(?P<close>\n</data \w+>)$", re.DOTALL | re.MULTILINE
)
_MARK = re.compile(r"\A\[Earlier turns were shortened or left out[^\n]*\]\n")


@dataclass(frozen=True, slots=True)
class Room:
    """What a turn may take: `chars` of history; `tokens` of prompt and reply, None: no bound.

    `scale` corrects an estimate by what the provider counted of earlier prompts.
    """

    chars: int
    tokens: int | None = None
    counter: TokenCounter = ESTIMATE
    scale: float = 1.0

    def tokens_of(self, messages: Iterable[Message]) -> int:
        """The tokens of these messages."""
        return int(self.counter.of_messages(m.content for m in messages) * self.scale + 1)

    def learnt(self, messages: Sequence[Message], tokens_in: int) -> "Room":
        """The room once a provider has counted `tokens_in` in these messages; 0 says nothing.

        A tenth is added, as the next output may be denser than what came before.
        """
        if self.counter.exact or tokens_in <= 0:
            return self
        counted = self.counter.of_messages(message.content for message in messages)
        scale = min(1.0, max(_SCALE_LEAST, tokens_in / max(1, counted) * _SCALE_MARGIN))
        return replace(self, scale=scale)

    def narrowed(
        self,
        head: Sequence[Message],
        history: Sequence[Message],
        *,
        reply_tokens: int,
        tokens_max: int | None,
    ) -> "Room":
        """The room after the provider found a prompt too long; `tokens_max` is its window if told.

        Without it, or where our count says that the prompt was not too long, half of the history
        has room.
        """
        strict = replace(self, scale=1.0)
        head_tokens, told = strict.tokens_of(head), strict.tokens_of(history)
        if tokens_max is not None and tokens_max < head_tokens + told + reply_tokens:
            return replace(strict, tokens=tokens_max)
        return replace(strict, tokens=head_tokens + told // 2 + reply_tokens)


_SCALE_LEAST = 0.25
_SCALE_MARGIN = 1.1


def compact(
    history: tuple[Message, ...],
    room: Room,
    *,
    head_tokens: int = 0,
    variables: Sequence[str] = (),
) -> tuple[Message, ...]:
    """`history` as far as `room` goes, after a head of so many tokens.

    The last four messages are kept longest. The first message that is left from the user tells that
    turns were cut, and names the variables that are still there.
    """
    fits = _fitting(room, head_tokens)
    if fits(history):
        return history
    mark = _mark(variables)
    plain = tuple(_unmarked(message) for message in history)
    old = tuple(_folded(message) for message in plain[:-_RECENT])
    recent = plain[-_RECENT:]
    while old and not fits(_marked(old + recent, mark)):
        old = old[2:]
    chars = max((len(message.content) for message in recent), default=0)
    while chars > _LEAST_CHARS and not fits(_marked(old + recent, mark)):
        chars = chars * 3 // 4
        recent = tuple(_clipped(message, chars) for message in recent)
    while len(recent) > 1 and not fits(_marked(recent, mark)):
        recent = recent[1:]
    return _marked(old + recent, mark)


def _fitting(room: Room, head_tokens: int) -> Callable[[tuple[Message, ...]], bool]:
    def fits(messages: tuple[Message, ...]) -> bool:
        if sum(len(message.content) for message in messages) > room.chars:
            return False
        return room.tokens is None or head_tokens + room.tokens_of(messages) <= room.tokens

    return fits


def _mark(variables: Sequence[str]) -> str:
    names = [name for name in variables if name.isidentifier()][-_NAMES_TOLD:]
    still = f"; still in the REPL: {', '.join(names)}" if names else "; variables are kept"
    return f"[Earlier turns were shortened or left out to save room{still}]\n"


def _marked(messages: tuple[Message, ...], mark: str) -> tuple[Message, ...]:
    at = next((at for at, message in enumerate(messages) if message.role == "user"), None)
    if at is None:
        return messages
    marked = replace(messages[at], content=mark + messages[at].content)
    return (*messages[:at], marked, *messages[at + 1 :])


def _unmarked(message: Message) -> Message:
    return replace(message, content=_MARK.sub("", message.content))


def _folded(message: Message) -> Message:
    """What stays of an old turn: its code cut, and a beginning of its prose and its outputs."""
    if message.role == "assistant":
        return replace(message, content=_folded_reply(message.content))
    return replace(message, content=_DATA.sub(_folded_data, message.content))


def _folded_reply(text: str) -> str:
    prose = clip(prose_of(text), _PROSE_CHARS)
    code = [f"```repl\n{clip(block, _CODE_CHARS)}\n```" for block in code_blocks(text)]
    return "\n".join(filter(None, (prose, *code))) or "(cut)"


def _folded_data(match: re.Match[str]) -> str:
    return f"{match['open']}{clip(match['text'], _OUTPUT_CHARS)}{match['close']}"


def _clipped(message: Message, chars: int) -> Message:
    """`message` in about `chars` characters: what is fenced is cut inside of its fence."""
    over = len(message.content) - chars
    if over <= 0:
        return message
    longest = max(_DATA.finditer(message.content), key=lambda m: len(m["text"]), default=None)
    if longest is None or len(longest["text"]) < over:
        return replace(message, content=clip(message.content, chars))
    start, end = longest.span("text")
    cut = clip(longest["text"], len(longest["text"]) - over)
    return replace(message, content=message.content[:start] + cut + message.content[end:])
