"""How long a reply may be, in tokens, and the longest form of one that is not longer.

Tokens are the engine's estimate, which errs high: 5,000 of it are about 2,000 of a hosted model's
for code and prose. It counts the reply as text and as JSON, since clients show a model the one or
the other, and the larger counts.
"""

import json
from bisect import bisect_right
from collections.abc import Callable
from typing import TypeVar

from rlm_tools.tool import Reply, ResponseFormat, structured

CONCISE_TOKENS = 5_000
TOKENS_MAX = 8_000
"""No reply is longer."""

ASK_FOR_MORE = 'a larger max_tokens or response_format="detailed" shows more'
R = TypeVar("R", bound=Reply)


def tokens_allowed(response_format: ResponseFormat, max_tokens: int) -> int:
    """What a call asks for; without a number that of the format."""
    if max_tokens:
        return min(max_tokens, TOKENS_MAX)
    return CONCISE_TOKENS if response_format == "concise" else TOKENS_MAX


def size_tokens(reply: Reply) -> int:
    """The tokens of a reply in the form that has more of them."""
    from rlm_engine.tokens import estimated_tokens

    fields = json.dumps(structured(reply), ensure_ascii=False)
    return max(estimated_tokens(reply.text()), estimated_tokens(fields))


def longest(make: Callable[[int], R], most: int, tokens_max: int, *, least: int = 0) -> R:
    """`make(n)` for the largest n that fits, as `most_fitting` finds it."""
    return make(most_fitting(make, most, tokens_max, least=least))


def most_fitting(
    make: Callable[[int], Reply], most: int, tokens_max: int, *, least: int = 0
) -> int:
    """The largest n from `least` to `most` for which `make(n)` fits; `least` where none does.

    A larger n must not make a shorter reply.
    """
    if most <= least or size_tokens(make(most)) <= tokens_max:
        return most
    larger = range(least + 1, most)
    return least + bisect_right(larger, tokens_max, key=lambda n: size_tokens(make(n)))
