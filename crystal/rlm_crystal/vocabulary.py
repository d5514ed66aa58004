"""The words of what is searched, as one set: of all segments, without those only in files gone.

Which forms a question's word takes depends on what the corpus says, so a corpus that came about by
edits must know the same words as one that is read anew.
"""

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from itertools import groupby, islice

from rlm_crystal.words import Words

Lives = Callable[[int, int], bool]
"""Whether a word still stands somewhere: the number of its pool, and its id in it."""


class Vocabulary:
    """Distinct words of several pools; without `lives` all of them stand somewhere."""

    def __init__(self, pools: Sequence[Words], lives: Lives | None = None) -> None:
        self._pools = pools
        self._lives = lives

    def __contains__(self, word: str) -> bool:
        found = ((number, pool.find(word)) for number, pool in enumerate(self._pools))
        return any(at >= 0 and self._living(number, at) for number, at in found)

    def starting(self, prefix: str) -> list[str]:
        """All words that begin with `prefix`, in order."""
        if len(self._pools) == 1 and self._lives is None:
            return self._pools[0].starting(prefix)
        return sorted(
            {
                pool[at]
                for number, pool in enumerate(self._pools)
                for at in pool.with_prefix(prefix)
                if self._living(number, at)
            }
        )

    def ending(self, suffix: str, *, limit: int) -> list[str]:
        """At most `limit` words that end with `suffix` and are longer than it, in order."""
        found = merge(*(self._backwards(n, pool, suffix) for n, pool in enumerate(self._pools)))
        words = [word[::-1] for word, _ in islice(groupby(found), limit)]
        return [word.decode("utf-8", "surrogatepass") for word in sorted(words)]

    def _backwards(self, number: int, pool: Words, suffix: str) -> Iterator[bytes]:
        for at in pool.by_suffix(suffix):
            if self._living(number, int(at)):
                yield pool.encoded(int(at))[::-1]

    def _living(self, number: int, at: int) -> bool:
        return self._lives is None or self._lives(number, at)


NO_WORDS = Vocabulary(())
