"""Who may do what in which zone: default deny, issued by the owner, read from the chain of writes.

A grant is an entry of the chain, as its revocation is. So it cannot be put back, cut out or made up
without the break being seen, every process sees it at its next act, and no table of rights is to be
kept beside the record of who gave them.
"""

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final, Literal

from rlm_memory.chain import Link
from rlm_memory.types import ZONES, Zone

Right = Literal["read", "write", "consolidate", "admin"]
RIGHTS: Final[tuple[Right, ...]] = ("read", "write", "consolidate", "admin")

DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Grant:
    """What an agent may do in a zone, until it expires. `admin` is every right but to grant."""

    agent: str
    zone: Zone
    rights: frozenset[Right]
    expires_s: float | None = None

    def encoded(self) -> str:
        return json.dumps(asdict(self) | {"rights": sorted(self.rights)}, separators=(",", ":"))

    @classmethod
    def decoded(cls, text: str) -> "Grant":
        stored = json.loads(text)
        return cls(**(stored | {"rights": frozenset(stored["rights"])}))

    def gives(self, right: Right, *, now_s: float) -> bool:
        alive = self.expires_s is None or now_s < self.expires_s
        return alive and (right in self.rights or "admin" in self.rights)


class Ledger:
    """The grants as they stand after the links it was given, and what each agent wrote of late."""

    def __init__(self) -> None:
        self.seq = 0
        self._grants: dict[tuple[str, Zone], Grant] = {}
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
            elif entry.act in ("remember", "use") and entry.agent:
                self._wrote.setdefault(entry.agent, deque()).append(entry.time_s)

    def grants(self, *, now_s: float) -> list[Grant]:
        """The grants that have not expired, by agent and zone."""
        alive = [g for g in self._grants.values() if g.expires_s is None or now_s < g.expires_s]
        return sorted(alive, key=lambda grant: (grant.agent, ZONES.index(grant.zone)))

    def allows(self, agent: str, zone: Zone, right: Right, *, now_s: float) -> bool:
        grant = self._grants.get((agent, zone))
        return grant is not None and grant.gives(right, now_s=now_s)

    def wrote(self, agent: str, *, now_s: float) -> int:
        """How many memos an agent wrote in the last day."""
        times = self._wrote.get(agent, deque[float]())
        while times and times[0] <= now_s - DAY_S:
            times.popleft()
        return len(times)
