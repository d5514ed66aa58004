"""A memory as one agent may use it: what its grants do not open is not there.

Who the agent is comes from the transport or the settings of the server, never from what it says
itself. What it writes carries its name and at most the trust of an agent.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rlm_memory.conflicts import Added, Verdict
from rlm_memory.errors import AccessDenied
from rlm_memory.grants import Right
from rlm_memory.types import TRUSTS, ZONES, Episode, Memo, Recall, Tally, Wanted, Zone

if TYPE_CHECKING:
    from rlm_memory.consolidation import Consolidated
    from rlm_memory.forgetting import Forgotten
    from rlm_memory.memory import Memory

WRITES_A_DAY_MAX: Final = 2_000
NOT_THERE: Final = (
    "there is no such memory for this agent; a search shows the ids of those it may read, and it"
    " changes only what it wrote itself"
)


class AgentMemory:
    """What `agent` may do; AccessDenied is the same for what is absent and what is not its own.

    `standing` are rights that it has without a grant.
    """

    def __init__(
        self, memory: "Memory", agent: str, standing: frozenset[tuple[Zone, Right]] = frozenset()
    ) -> None:
        if not agent:
            raise ValueError("an agent has a name; the owner uses the memory itself")
        self._memory = memory
        self._standing = standing
        self.agent = agent

    def zones(self, right: Right) -> tuple[Zone, ...]:
        """The zones in which the agent has this right now."""
        return tuple(zone for zone in ZONES if self._allows(zone, right))

    def add(self, episode: Episode) -> Added:
        """Keep a fact in a zone the agent may write to; AccessDenied also beyond 2,000 a day."""
        self._need("write", episode.zone)
        if self._memory.wrote(self.agent) >= WRITES_A_DAY_MAX:
            raise self._denied(f"add: over {WRITES_A_DAY_MAX} a day", "the quota of a day is used")
        trust = min(episode.trust, "agent", key=TRUSTS.index)
        if episode.supersedes:
            self._need("write", self._readable(episode.supersedes).episode.zone)
        added = self._memory.add(replace(episode, agent=self.agent, trust=trust))
        if self._allows(episode.zone, "read"):
            return added
        return Added(added.id, quarantine=added.quarantine)  # the rest tells of what it may not see

    def recall(
        self,
        query: str,
        *,
        limit: int = 5,
        wanted: Wanted | None = None,
        tokens_max: int | None = None,
    ) -> Recall:
        """What bears on the query in the zones that the agent may read."""
        asked = wanted or Wanted()
        readable = self.zones("read")
        zones = tuple(zone for zone in asked.zones if zone in readable)
        if not zones:
            self._memory.deny(self.agent, "recall")
            return Recall((), "no zone is open to this agent")
        return self._memory.recall(
            query, limit=limit, wanted=replace(asked, zones=zones), tokens_max=tokens_max
        )

    def get(self, row_id: str) -> Memo:
        """The memo of this id."""
        return self._readable(row_id)

    def conflicts(self) -> list[tuple[str, str]]:
        """What contradicts each other where the agent may read."""
        return self._memory.conflicts(self.zones("read"))

    def resolve(self, new_id: str, old_id: str, verdict: Verdict) -> None:
        """Settle a conflict between two of its own memos, or any in a zone it administers."""
        for row_id in (new_id, old_id):
            self._own(row_id, "resolve")
        self._memory.resolve(new_id, old_id, verdict, agent=self.agent)

    def forget(self, row_id: str) -> "Forgotten":
        """Forget one of its own memos, or any in a zone it administers."""
        self._own(row_id, "forget")
        return self._memory.forget(row_id, agent=self.agent)

    def consolidate(self, *, stop: Callable[[], bool] = lambda: False) -> "Consolidated":
        """Consolidate the zones in which the agent may."""
        zones = self.zones("consolidate")
        if not zones:
            raise self._denied("consolidate")
        return self._memory.consolidate(stop=stop, zones=zones)

    def tally(self) -> Tally:
        """How much there is where the agent may read."""
        return self._memory.tally(self.zones("read"))

    def _allows(self, zone: Zone, right: Right) -> bool:
        return (zone, right) in self._standing or self._memory.allows(self.agent, zone, right)

    def _need(self, right: Right, zone: Zone) -> None:
        if not self._allows(zone, right):
            raise self._denied(f"{right} in {zone}")

    def _readable(self, row_id: str) -> Memo:
        memo = self._memory.get(row_id)
        if memo is None or not self._allows(memo.episode.zone, "read"):
            raise self._denied("get", row_id=row_id)
        return memo

    def _own(self, row_id: str, act: str) -> None:
        memo = self._readable(row_id)
        right: Right = "write" if memo.episode.agent == self.agent else "admin"
        if not self._allows(memo.episode.zone, right):
            raise self._denied(act, row_id=row_id)

    def _denied(self, act: str, told: str = NOT_THERE, *, row_id: str = "") -> AccessDenied:
        self._memory.deny(self.agent, act, row_id)
        return AccessDenied(told)
