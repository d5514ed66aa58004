"""Telling how a long reply comes along while it is written."""

from collections.abc import Callable
from time import monotonic
from typing import Final

from rlm_engine.say import Say

APART_S: Final = 1.0


class Writing:
    """Counts what a model has written of one reply, and says so about once a second.

    Only how much is told: what is written may quote the corpus, and is not yet an answer.
    """

    def __init__(self, model: str, say: Say, *, clock: Callable[[], float] = monotonic) -> None:
        self._model = model
        self._say = say
        self._clock = clock
        self._words = 0
        self._in_word = False
        self._doing = ""
        self._said_s = float("-inf")

    def thinks(self) -> None:
        """The model works on what is not part of its reply."""
        self._tell("thinking", f"{self._model} is thinking")

    def writes(self, piece: str) -> None:
        """So much more of the reply is there."""
        for character in piece:
            begins = not character.isspace()
            self._words += begins and not self._in_word
            self._in_word = begins
        if self._words:
            self._tell("writing", f"{self._model} is writing: {_counted(self._words)} so far")

    def _tell(self, doing: str, text: str) -> None:
        now_s = self._clock()
        if doing == self._doing and now_s - self._said_s < APART_S:
            return
        self._doing, self._said_s = doing, now_s
        self._say(text)


def _counted(words: int) -> str:
    return f"{words} word{'' if words == 1 else 's'}"
