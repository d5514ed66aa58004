"""What the owner laid down, as the chain of writes tells it."""

from collections import deque
from collections.abc import Iterable

from rlm_memory.chain import Link
from rlm_memory.grants import DAY_S, Grant, Right
from rlm_memory.retention import Retention
from rlm_memory.types import TRUSTS, ZONES, Trust, Zone


class Ledger:
    """Grants and rules after the links it was given, and how much each agent wrote of late."""

    def __init__(self) -> None:
        self.seq = 0
        self._grants: dict[tuple[str, Zone], Grant] = {}
        self._rules: dict[tuple[Zone, Trust], Retention] = {}
        self._wrote: dict[str, deque[float]] = {}

    def follow(self, links: Iterable[Link]) -> None:
        """Take over the links after number `seq`."""
        for link in links:
            self.seq, entry = link.seq, link.entry
            if entry.act == "grant":
                grant = Grant.decoded(entry.told)
                self._grants[grant.agent, grant.zone] = grant
            elif entry.act == "revoke":
                grant = Grant.decoded(entry.told)
                self._grants.pop((grant.agent, grant.zone), None)
            elif entry.act == "retain":
                rule = Retention.decoded(entry.told)
                self._rules[rule.zone, rule.trust] = rule
            elif entry.act in ("remember", "use") and entry.agent:
                self._wrote.setdefault(entry.agent, deque()).append(entry.time_s)

    def grants(self, *, now_s: float) -> list[Grant]:
        """The grants that have not expired, by agent and zone."""
        alive = [g for g in self._grants.values() if g.expires_s is None or now_s < g.expires_s]
        return sorted(alive, key=lambda grant: (grant.agent, ZONES.index(grant.zone)))

    def rules(self) -> list[Retention]:
        """The rules of retention in force, by zone and trust."""
        found = [rule for rule in self._rules.values() if rule.days is not None]
        return sorted(found, key=lambda rule: (ZONES.index(rule.zone), TRUSTS.index(rule.trust)))

    def allows(self, agent: str, zone: Zone, right: Right, *, now_s: float) -> bool:
        grant = self._grants.get((agent, zone))
        return grant is not None and grant.gives(right, now_s=now_s)

    def wrote(self, agent: str, *, now_s: float) -> int:
        """How many memos an agent wrote in the last day."""
        times = self._wrote.get(agent, deque[float]())
        while times and times[0] <= now_s - DAY_S:
            times.popleft()
        return len(times)
