"""How long memos of a zone are kept: rules of the owner, read from the chain of writes like grants.

A rule is applied where the zone is consolidated. What goes by it is gone as if it were forgotten,
from snapshots too, with what was superseded by it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from rlm_memory.grants import DAY_S
from rlm_memory.types import TRUSTS, Memo, Trust, Zone


@dataclass(frozen=True, slots=True)
class Retention:
    """Memos of a zone with at most this trust are kept for so many days after they were last said;
    with None for good."""

    zone: Zone
    trust: Trust = "user"
    days: float | None = None

    def encoded(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def decoded(cls, text: str) -> "Retention":
        return cls(**json.loads(text))

    def ends(self, memo: Memo, *, now_s: float) -> bool:
        """Whether the time of an episode is up."""
        return (
            self.days is not None
            and (memo.level, memo.episode.zone) == ("episode", self.zone)
            and TRUSTS.index(memo.episode.trust) <= TRUSTS.index(self.trust)
            and now_s - memo.last_used_s > self.days * DAY_S
        )


def ended(memos: Mapping[str, Memo], rules: Iterable[Retention], *, now_s: float) -> set[str]:
    """The memos whose time is up, with those they took the place of."""
    rules = tuple(rules)
    found = {
        row_id
        for row_id, memo in memos.items()
        if any(rule.ends(memo, now_s=now_s) for rule in rules)
    }
    fresh = found
    while fresh:
        fresh = {i for i, memo in memos.items() if memo.superseded_by in fresh} - found
        found = found | fresh
    return found
