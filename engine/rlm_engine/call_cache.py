"""Replies of sub-calls by content: the same request about the same text is paid once.

Kept as long as they are used: the least recently used go first, and a week ends all, since a
model behind one name changes. What is said here is as secret as the corpus.
"""

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from rlm_engine.model import Completion

ENTRIES_MAX: Final = 2_000
CHARS_MAX: Final = 4_000_000
AGE_MAX_S: Final = 7 * 86_400.0
FORMAT: Final = 2


@dataclass(frozen=True, slots=True)
class _Kept:
    completion: Completion
    at_s: float


class CallCache:
    """Completions by key, in order of use; `changed` since it was made or read.

    `place` stands for where models are asked: what was said elsewhere is kept and not given.
    """

    def __init__(self, *, place: str = "", now: Callable[[], float] = time.time) -> None:
        self.changed = False
        self._place = place
        self._now = now
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._chars = 0

    def get(self, key: str) -> Completion | None:
        """What was said under this key within a week."""
        key = self._place + key
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._now() - kept.at_s > AGE_MAX_S:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept.completion

    def put(self, key: str, completion: Completion) -> None:
        """Keep what was said; the least recently used go where there is no more room."""
        self._add(self._place + key, _Kept(completion, self._now()))
        self.changed = True

    def to_bytes(self) -> bytes:
        """What was paid for, as JSON; what costs nothing to ask again is left out."""
        rows = [
            [key, kept.completion.text, kept.completion.tokens_in, kept.completion.tokens_out,
             kept.completion.cost_usd, kept.completion.price_known, kept.completion.cut,
             kept.at_s]
            for key, kept in self._kept.items()
            if kept.completion.tokens_out
        ]  # fmt: skip
        return json.dumps({"format": FORMAT, "replies": rows}).encode()

    @classmethod
    def from_bytes(
        cls, data: bytes, *, place: str = "", now: Callable[[], float] = time.time
    ) -> "CallCache":
        """What `to_bytes` gave; an empty one where the format is another."""
        cache = cls(place=place, now=now)
        record: Any = json.loads(data)
        if record.get("format") == FORMAT:
            for key, text, tokens_in, tokens_out, cost_usd, price_known, cut, at_s in record[
                "replies"
            ]:
                said = Completion(text, tokens_in, tokens_out, cost_usd, price_known, cut=cut)
                cache._add(key, _Kept(said, at_s))
        return cache

    def _add(self, key: str, kept: _Kept) -> None:
        self._drop(key)
        self._kept[key] = kept
        self._chars += len(kept.completion.text)
        while len(self._kept) > ENTRIES_MAX or (self._chars > CHARS_MAX and len(self._kept) > 1):
            self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._chars -= len(kept.completion.text)
