"""Who may do what in which zone: default deny, issued by the owner, read from the chain of writes.

A grant is an entry of the chain, as its revocation is. So it cannot be put back, cut out or made up
without the break being seen, every process sees it at its next act, and no table of rights is to be
kept beside the record of who gave them.
"""

import json
from dataclasses import asdict, dataclass
from typing import Final, Literal

from rlm_memory.types import Zone

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
